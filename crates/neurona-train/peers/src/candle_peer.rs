//! candle: the layers, the losses and the optimizer of `candle-nn`.

use crate::{
    Result, Trainer,
    task::{Activation, Network, Targets, Task},
};
use candle_core::{DType, Device, Tensor};
use candle_nn::{
    AdamW, Conv2d, Dropout, GRU, Linear, Module as _, Optimizer as _, ParamsAdamW, VarBuilder, VarMap, conv2d, gru,
    linear, loss, rnn::RNN as _,
};

enum Model {
    Dense { layers: Vec<Linear>, activation: Activation, dropout: Option<Dropout> },
    Images { conv1: Conv2d, conv2: Conv2d, output: Linear },
    Signals { gru: GRU, output: Linear },
}

impl Model {
    fn new(network: Network, builder: VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(match network {
            Network::Dense { sizes, activation, dropout } => {
                let layer = |(at, pair): (usize, &[usize])| linear(pair[0], pair[1], builder.pp(at));
                let layers = sizes.windows(2).enumerate().map(layer).collect::<candle_core::Result<_>>()?;
                Self::Dense { layers, activation, dropout: (dropout > 0.0).then(|| Dropout::new(dropout)) }
            }
            Network::Images => Self::Images {
                conv1: conv2d(1, 8, 3, Default::default(), builder.pp("conv1"))?,
                conv2: conv2d(8, 16, 3, Default::default(), builder.pp("conv2"))?,
                output: linear(400, 10, builder.pp("output"))?,
            },
            Network::Signals => Self::Signals {
                gru: gru(16, 32, Default::default(), builder.pp("gru"))?,
                output: linear(32, 6, builder.pp("output"))?,
            },
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Dense { layers, activation, dropout } => {
                let (last, hidden) = layers.split_last().expect("a network has layers");
                let mut x = x.clone();
                for layer in hidden {
                    x = layer.forward(&x)?;
                    x = match activation {
                        Activation::Relu => x.relu()?,
                        Activation::Tanh => x.tanh()?,
                    };
                    if let Some(dropout) = dropout {
                        x = dropout.forward(&x, true)?;
                    }
                }
                last.forward(&x)
            }
            Self::Images { conv1, conv2, output } => {
                let x = conv1.forward(x)?.relu()?.max_pool2d(2)?;
                // The gradient of candle's pooling is at the right places only where the windows cover the whole image, so that
                // 11x11 is cut to 10x10. It is a quarter of the true one, which Adam's steps hardly depend on.
                let x = conv2.forward(&x)?.relu()?.narrow(2, 0, 10)?.narrow(3, 0, 10)?.max_pool2d(2)?;
                output.forward(&x.flatten_from(1)?)
            }
            Self::Signals { gru, output } => {
                let states = gru.seq(x)?;
                output.forward(states.last().expect("a signal has steps").h())
            }
        }
    }
}

struct Candle {
    model: Model,
    adam: AdamW,
    x: Tensor,
    t: Tensor,
}

/// On the processor.
pub(crate) fn cpu(task: &Task) -> Result<Box<dyn Trainer>> {
    let device = Device::Cpu;
    let (x, targets) = task.batch();
    let x = match task.network {
        Network::Dense { sizes, .. } => Tensor::from_vec(x, (task.rows, sizes[0]), &device)?,
        Network::Images => Tensor::from_vec(x, (task.rows, 1, 28, 28), &device)?,
        Network::Signals => Tensor::from_vec(x, (task.rows, 50, 16), &device)?,
    };
    let t = match targets {
        Targets::Classes(classes) => Tensor::from_vec(classes, task.rows, &device)?,
        Targets::Values(values) => Tensor::from_vec(values, (task.rows, 1), &device)?,
    };
    let parameters = VarMap::new();
    let model = Model::new(task.network, VarBuilder::from_varmap(&parameters, DType::F32, &device))?;
    // Without decay, AdamW is Adam.
    let adam = AdamW::new(parameters.all_vars(), ParamsAdamW { weight_decay: 0.0, ..Default::default() })?;
    Ok(Box::new(Candle { model, adam, x, t }))
}

impl Candle {
    fn mean_loss(&self) -> candle_core::Result<Tensor> {
        let y = self.model.forward(&self.x)?;
        if self.t.dtype() == DType::U32 { loss::cross_entropy(&y, &self.t) } else { loss::mse(&y, &self.t) }
    }
}

impl Trainer for Candle {
    fn step(&mut self) -> Result<()> {
        let loss = self.mean_loss()?;
        Ok(self.adam.backward_step(&loss)?)
    }

    fn loss(&self) -> Result<f32> {
        Ok(self.mean_loss()?.to_scalar()?)
    }
}
