//! Nothing that learns stands before a backbone.

use neurona::prelude::*;

neurona::network! {
    struct Behind: [f32; 4] => [f32; 2] {
        hidden: Dense<4, 3, Relu>,
        body: Backbone<Dense<3, 3>>,
        output: Dense<3, 2>,
    }
}

fn main() {}
