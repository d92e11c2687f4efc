//! LeNet-5, in its usual modern form and in that of its paper.

use crate::layer::code_bits;
use crate::prelude::*;

crate::network! {
    /// LeNet-5 in its usual modern form: 28x28 grey levels to ten digits.
    ///
    /// Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    /// 1998. The modern form has each filter of the second convolution see all channels, pooling without weights, ReLU
    /// (here; others keep tanh) and a linear output. [`LeNet5Of1998`] is the
    /// network of the paper.
    ///
    /// The paper's images are 32x32, digits of 28x28 with a border of 2; here the border is the padding of the first
    /// convolution.
    ///
    /// # Parameters
    ///
    /// `6 (5·5 + 1) + 16 (5·5·6 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1)` = 156 + 2,416 + 48,120 + 10,164 + 850 =
    /// 61,706, trained and stored.
    ///
    /// # Cost
    ///
    /// 246,824 B of weights, 416,520 multiply-adds, and 23,560 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LeNet5: Image<28, 28, 1> => [f32; 10] {
        conv1: Conv2d<Image<28, 28, 1>, Image<28, 28, 6>, Kernel2d<5>, Relu, Same>,
        pool1: MaxPool<Image<28, 28, 6>, Image<14, 14, 6>, Kernel2d<2, 2, 2>>,
        conv2: Conv2d<Image<14, 14, 6>, Image<10, 10, 16>, Kernel2d<5>, Relu>,
        pool2: MaxPool<Image<10, 10, 16>, Image<5, 5, 16>, Kernel2d<2, 2, 2>>,
        flatten: Flatten<Image<5, 5, 16>, 400>,
        hidden1: Dense<400, 120, Relu>,
        hidden2: Dense<120, 84, Relu>,
        output: Dense<84, 10>,
    }
}

/// Which maps of the first sub-sampling each map of the second convolution sees: table I of the paper.
///
/// The first six see three neighbours, the next six four, the next three other fours, and the last all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeNet5Table;

impl ConnectionTable for LeNet5Table {
    const SEES: &'static [u64] = &[
        0b00_0111, 0b00_1110, 0b01_1100, 0b11_1000, 0b11_0001, 0b10_0011, 0b00_1111, 0b01_1110, 0b11_1100, 0b11_1001,
        0b11_0011, 0b10_0111, 0b01_1011, 0b11_0110, 0b10_1101, 0b11_1111,
    ];
}

/// The codes of [`LeNet5Of1998`]: each digit as a picture of 7x12, ink 1 and paper -1.
///
/// The paper's are stylised images of the characters of ASCII of that size (figure 3); these are drawn anew. Any two differ in
/// 13 places or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeNet5Codes;

impl Codes for LeNet5Codes {
    const CODES: &'static [u64] = &code_bits::<20>(&PICTURES);
}

#[rustfmt::skip]
const PICTURES: [&str; 10] = [
    "..###.. .#...#. #.....# #.....# #.....# #.....# \
     #.....# #.....# #.....# #.....# .#...#. ..###..",
    "...#... ..##... .#.#... ...#... ...#... ...#... \
     ...#... ...#... ...#... ...#... ...#... .#####.",
    "..###.. .#...#. #.....# ......# ......# .....#. \
     ....#.. ...#... ..#.... .#..... #...... #######",
    ".#####. #.....# ......# ......# .....#. ..###.. \
     .....#. ......# ......# ......# #.....# .#####.",
    ".....#. ....##. ...#.#. ..#..#. .#...#. #....#. \
     #....#. ####### .....#. .....#. .....#. .....#.",
    "####### #...... #...... #...... #.####. ##....# \
     ......# ......# ......# #.....# .#...#. ..###..",
    "...###. ..#.... .#..... #...... #...... #.###.. \
     ##...#. #.....# #.....# #.....# .#...#. ..###..",
    "####### ......# ......# .....#. .....#. ....#.. \
     ....#.. ...#... ...#... ..#.... ..#.... ..#....",
    "..###.. .#...#. #.....# #.....# .#...#. ..###.. \
     .#...#. #.....# #.....# #.....# .#...#. ..###..",
    "..###.. .#...#. #.....# #.....# #.....# .#...## \
     ..###.# ......# ......# .....#. ....#.. .###...",
];

type Halved<X, Y> = AvgPool<X, Y, Kernel2d<2, 2, 2>>;

crate::network! {
    /// LeNet-5 as it was in 1998: 28x28 grey levels to ten digits.
    ///
    /// Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    /// 1998, figure 2 and section II.B, whose names the layers have. Every unit is squashed by 1.7159 tanh(2z/3). The maps of
    /// C3 see the maps of S2 that a [table](LeNet5Table) names. Sub-sampling is trainable, with a coefficient and a bias for each
    /// map; here it multiplies the mean of four cells, in the paper their sum, so that a coefficient here is four there. The
    /// output is ten radial basis functions, whose centres are [fixed codes](LeNet5Codes) and are not trained: nothing is
    /// stored of them. They are given with the sign turned, the largest for the nearest code, for
    /// [`SoftmaxCrossEntropy`].
    ///
    /// The paper's images are 32x32, digits of 28x28 with a border of 2; here the border is the padding of the first
    /// convolution. Grey levels had best have a mean of 0 and a deviation of 1, as there.
    ///
    /// # Parameters
    ///
    /// | layer  | formula                  | parameters |
    /// | ------ | ------------------------ | ---------- |
    /// | C1     | `6 (5·5 + 1)`            | 156        |
    /// | S2     | `6·2`                    | 12         |
    /// | C3     | `60·5·5 + 16`            | 1,516      |
    /// | S4     | `16·2`                   | 32         |
    /// | C5     | `120 (5·5·16 + 1)`       | 48,120     |
    /// | F6     | `84 (120 + 1)`           | 10,164     |
    ///
    /// These are 60,000, trained and stored. The paper counts 151,600 connections of C3 and as many parameters as here.
    ///
    /// # Cost
    ///
    /// 240,000 B of weights, 328,096 multiply-adds, and 23,560 B of RAM to infer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LeNet5Of1998: Image<28, 28, 1> => [f32; 10] {
        c1: Conv2d<Image<28, 28, 1>, Image<28, 28, 6>, Kernel2d<5>, ScaledTanh, Same>,
        s2_mean: Halved<Image<28, 28, 6>, Image<14, 14, 6>>,
        s2: Scale<Image<14, 14, 6>, ScaledTanh>,
        c3: TableConv2d<Image<14, 14, 6>, Image<10, 10, 16>, Kernel2d<5>, LeNet5Table, 60, ScaledTanh>,
        s4_mean: Halved<Image<10, 10, 16>, Image<5, 5, 16>>,
        s4: Scale<Image<5, 5, 16>, ScaledTanh>,
        flatten: Flatten<Image<5, 5, 16>, 400>,
        c5: Dense<400, 120, ScaledTanh>,
        f6: Dense<120, 84, ScaledTanh>,
        output: OutputCodes<84, 10, LeNet5Codes>,
    }
}
