//! burn: the layers and the losses of `burn::nn`, the optimizer of `burn::optim`.

use crate::{
    Result, Trainer,
    task::{self, Network, Targets, Task},
};
use burn::{
    module::Module,
    nn::{
        Dropout, DropoutConfig, Linear, LinearConfig,
        conv::{Conv2d, Conv2dConfig},
        gru::{Gru, GruConfig},
        loss::{CrossEntropyLoss, CrossEntropyLossConfig, MseLoss, Reduction},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Int, Tensor, TensorData, activation},
};

/// A network whose batches have `D` dimensions.
trait Model<const D: usize>: Module {
    fn forward(&self, x: Tensor<D>) -> Tensor<2>;
}

#[derive(Module, Debug)]
struct Dense {
    layers: Vec<Linear>,
    dropout: Dropout,
    tanh: bool,
}

impl Model<2> for Dense {
    fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        let (last, hidden) = self.layers.split_last().expect("a network has layers");
        for layer in hidden {
            x = layer.forward(x);
            x = if self.tanh { x.tanh() } else { activation::relu(x) };
            x = self.dropout.forward(x);
        }
        last.forward(x)
    }
}

#[derive(Module, Debug)]
struct Images {
    conv1: Conv2d,
    conv2: Conv2d,
    pool: MaxPool2d,
    output: Linear,
}

impl Model<4> for Images {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(activation::relu(self.conv1.forward(x)));
        let x = self.pool.forward(activation::relu(self.conv2.forward(x)));
        self.output.forward(x.flatten(1, 3))
    }
}

#[derive(Module, Debug)]
struct Signals {
    gru: Gru,
    output: Linear,
}

impl Model<3> for Signals {
    fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let [_, steps, _] = x.dims();
        let states = self.gru.forward(x, None);
        self.output.forward(states.slice_dim(1, steps - 1).squeeze_dim(1))
    }
}

enum Target {
    Classes(Tensor<1, Int>, Box<CrossEntropyLoss>),
    Values(Tensor<2>),
}

struct Burn<const D: usize, M> {
    /// Taken only within a step, which the optimizer gives it back from.
    model: Option<M>,
    adam: ModuleOptimizer,
    x: Tensor<D>,
    target: Target,
}

/// The backend that its documentation recommends.
pub(crate) fn flex(task: &Task) -> Result<Box<dyn Trainer>> {
    Ok(on(task, &Device::flex().autodiff()))
}

/// The one before.
#[expect(deprecated, reason = "it is still there to compare with")]
pub(crate) fn ndarray(task: &Task) -> Result<Box<dyn Trainer>> {
    Ok(on(task, &Device::ndarray().autodiff()))
}

fn on(task: &Task, device: &Device) -> Box<dyn Trainer> {
    match task.network {
        Network::Dense { sizes, activation, dropout } => {
            let layers = sizes.windows(2).map(|pair| LinearConfig::new(pair[0], pair[1]).init(device)).collect();
            let dropout = DropoutConfig::new(dropout.into()).init();
            let model = Dense { layers, dropout, tanh: matches!(activation, task::Activation::Tanh) };
            Burn::start(task, [task.rows, sizes[0]], model, device)
        }
        Network::Images => {
            let model = Images {
                conv1: Conv2dConfig::new([1, 8], [3, 3]).init(device),
                conv2: Conv2dConfig::new([8, 16], [3, 3]).init(device),
                pool: MaxPool2dConfig::new([2, 2]).init(),
                output: LinearConfig::new(400, 10).init(device),
            };
            Burn::start(task, [task.rows, 1, 28, 28], model, device)
        }
        Network::Signals => {
            let gru = GruConfig::new(16, 32, true).init(device);
            let model = Signals { gru, output: LinearConfig::new(32, 6).init(device) };
            Burn::start(task, [task.rows, 50, 16], model, device)
        }
    }
}

impl<const D: usize, M: Model<D> + 'static> Burn<D, M> {
    fn start(task: &Task, shape: [usize; D], model: M, device: &Device) -> Box<dyn Trainer> {
        let (x, targets) = task.batch();
        let target = match targets {
            Targets::Classes(classes) => {
                let classes = classes.into_iter().map(|class| class as i32).collect::<Vec<_>>();
                Target::Classes(
                    Tensor::from_ints(classes.as_slice(), device),
                    Box::new(CrossEntropyLossConfig::new().init(device)),
                )
            }
            Targets::Values(values) => {
                Target::Values(Tensor::from_floats(TensorData::new(values, [task.rows, 1]), device))
            }
        };
        let x = Tensor::from_floats(TensorData::new(x, shape), device);
        Box::new(Self { model: Some(model), adam: AdamConfig::new().with_epsilon(1e-8).init(), x, target })
    }

    fn mean_loss(&self, model: &M) -> Tensor<1> {
        let y = model.forward(self.x.clone());
        match &self.target {
            Target::Classes(classes, loss) => loss.forward(y, classes.clone()),
            Target::Values(values) => MseLoss::new().forward(y, values.clone(), Reduction::Mean),
        }
    }
}

impl<const D: usize, M: Model<D> + 'static> Trainer for Burn<D, M> {
    fn step(&mut self) -> Result<()> {
        let model = self.model.take().ok_or("the last step failed")?;
        let gradients = self.mean_loss(&model).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        self.model = Some(self.adam.step(1e-3, model, gradients));
        Ok(())
    }

    fn loss(&self) -> Result<f32> {
        let model = self.model.as_ref().ok_or("the last step failed")?;
        Ok(self.mean_loss(model).into_scalar())
    }
}
