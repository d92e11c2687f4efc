//! Pooling, both ways.

use neurona::kernel::{self, Window};

use super::{Buffers, MARGIN, ROOM, Test, each_product};

impl Test {
    pub(super) fn pools(&mut self, window: &Window, buffers: &mut Buffers) {
        let Window { rows, columns, channels, .. } = *window;
        let inputs = rows.input * columns.input * channels;
        if inputs + 2 * MARGIN > ROOM || rows.output * columns.output * channels + 2 * MARGIN > ROOM {
            return;
        }
        for _ in 0..3 {
            self.fill(&mut buffers[0][..inputs]);
            self.max_pool(window, inputs, buffers);
            self.average_pool(window, inputs, buffers);
            self.global_pools(inputs, channels, buffers);
        }
    }

    fn max_pool(&mut self, window: &Window, inputs: usize, [x, ours, plain, y, dy, _]: &mut Buffers) {
        let (x, sizes) = (&x[..inputs], [window.channels, window.rows.kernel]);
        let outputs = window.rows.output * window.columns.output * window.channels;
        let (ours_y, plain_y) = self.alike(ours, plain, outputs);
        kernel::max_pool_forward(window, x, &mut ours_y[MARGIN..][..outputs]);
        plain_y[MARGIN..][..outputs].fill(f32::NEG_INFINITY);
        each_product(window, 1, 1, &mut |y, _, x_at| {
            if x[x_at] > plain_y[MARGIN + y] || x[x_at].is_nan() {
                plain_y[MARGIN + y] = x[x_at];
            }
        });
        self.compare("max pool", sizes, ours_y, plain_y);

        let (y, dy) = (&mut y[..outputs], &mut dy[..outputs]);
        y.copy_from_slice(&ours_y[MARGIN..][..outputs]);
        self.fill(dy);
        let (ours_dx, plain_dx) = self.alike(ours, plain, inputs);
        let mut given = None;
        each_product(window, 1, 1, &mut |at, _, x_at| {
            if given != Some(at) && is_same(x[x_at], y[at]) {
                plain_dx[MARGIN + x_at] += dy[at];
                given = Some(at);
            }
        });
        kernel::max_pool_backward(window, x, y, dy, &mut ours_dx[MARGIN..][..inputs]);
        self.compare("max pool back", sizes, ours_dx, plain_dx);
    }

    fn average_pool(&mut self, window: &Window, inputs: usize, [x, ours, plain, counts, dy, _]: &mut Buffers) {
        let (x, sizes) = (&x[..inputs], [window.channels, window.rows.kernel]);
        let outputs = window.rows.output * window.columns.output * window.channels;
        let (ours_y, plain_y) = self.alike(ours, plain, outputs);
        kernel::average_pool_forward(window, x, &mut ours_y[MARGIN..][..outputs]);
        plain_y[MARGIN..][..outputs].fill(0.0);
        let (counts, dy) = (&mut counts[..outputs], &mut dy[..outputs]);
        counts.fill(0.0);
        each_product(window, 1, 1, &mut |y, _, x_at| {
            plain_y[MARGIN + y] += x[x_at];
            counts[y] += 1.0;
        });
        for (y, count) in plain_y[MARGIN..].iter_mut().zip(&*counts) {
            *y /= count;
        }
        self.compare("average pool", sizes, ours_y, plain_y);

        self.fill(dy);
        let (ours_dx, plain_dx) = self.alike(ours, plain, inputs);
        each_product(window, 1, 1, &mut |at, _, x_at| plain_dx[MARGIN + x_at] += dy[at] / counts[at]);
        kernel::average_pool_backward(window, dy, &mut ours_dx[MARGIN..][..inputs]);
        self.compare("average pool back", sizes, ours_dx, plain_dx);
    }

    fn global_pools(&mut self, inputs: usize, channels: usize, [x, ours, plain, y, dy, _]: &mut Buffers) {
        let (x, sizes) = (&x[..inputs], [channels, inputs]);
        let (y, dy) = (&mut y[..channels], &mut dy[..channels]);
        for maximum in [false, true] {
            let (ours_y, plain_y) = self.alike(ours, plain, channels);
            let forward = if maximum { kernel::global_max_forward } else { kernel::global_average_forward };
            forward(x, &mut ours_y[MARGIN..][..channels]);
            let mut count = 0.0;
            plain_y[MARGIN..][..channels].fill(if maximum { f32::NEG_INFINITY } else { 0.0 });
            for x in x.chunks_exact(channels) {
                for (y, x) in plain_y[MARGIN..].iter_mut().zip(x) {
                    *y = match maximum {
                        true if *x > *y || x.is_nan() => *x,
                        true => *y,
                        false => *y + x,
                    };
                }
                count += 1.0;
            }
            if !maximum {
                plain_y[MARGIN..][..channels].iter_mut().for_each(|y| *y /= count);
            }
            self.compare("global pool", sizes, ours_y, plain_y);

            y.copy_from_slice(&ours_y[MARGIN..][..channels]);
            self.fill(dy);
            let (ours_dx, plain_dx) = self.alike(ours, plain, inputs);
            let mut left = [true; 64];
            for (at, dx) in plain_dx[MARGIN..][..inputs].iter_mut().enumerate() {
                let channel = at % channels;
                if !maximum {
                    *dx += dy[channel] / count;
                } else if left[channel] && is_same(x[at], y[channel]) {
                    *dx += dy[channel];
                    left[channel] = false;
                }
            }
            let ours = &mut ours_dx[MARGIN..][..inputs];
            if maximum {
                kernel::global_max_backward(x, y, dy, ours);
            } else {
                kernel::global_average_backward(dy, ours);
            }
            self.compare("global pool back", sizes, ours_dx, plain_dx);
        }
    }

    /// So many values and what stands around them, the same twice.
    fn alike<'a>(&mut self, ours: &'a mut [f32], plain: &'a mut [f32], len: usize) -> (&'a mut [f32], &'a mut [f32]) {
        let (ours, plain) = (&mut ours[..len + 2 * MARGIN], &mut plain[..len + 2 * MARGIN]);
        self.fill(ours);
        plain.copy_from_slice(ours);
        (ours, plain)
    }
}

fn is_same(x: f32, y: f32) -> bool {
    x == y || (x.is_nan() && y.is_nan())
}
