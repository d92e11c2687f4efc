//! Estimated cycles, from the timing tables of Arm's technical reference manuals.
//!
//! | core       | manual            | table                                                                          |
//! | ---------- | ----------------- | ------------------------------------------------------------------------------ |
//! | Cortex-M0  | DDI 0432C         | 3-1, "Cortex-M0 instruction summary"                                           |
//! | Cortex-M3  | DDI 0337I         | 3-1, "Cortex-M3 instruction set summary"                                       |
//! | Cortex-M4F | DDI 0439D         | 3-1, "Cortex-M4 instruction set summary", and 7-1, "FPU instruction set"       |
//!
//! For Cortex-M7 and M33 Arm publishes none. The assumptions: memory without wait states; a multiplier of one cycle on
//! the M0; a refill of the pipeline of [`REFILL`] cycles on M3 and M4, where the tables say 1 to 3; a division of
//! [`DIVISION`] cycles, where they say 2 to 12; long products of the M3 at their longest; no `it` is folded away, and no
//! load follows another in its shadow, so that the estimate is rather too high. On the M4F a result of the
//! floating-point unit that the next instruction uses costs one cycle more, but for an addend of a multiply-accumulate.

/// Cycles to fill the pipeline again after a branch, on M3 and M4.
pub const REFILL: u64 = 2;
/// Cycles of a division of integers, on M3 and M4.
pub const DIVISION: u64 = 12;

/// A core whose timings are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// Cortex-M0.
    M0,
    /// Cortex-M3.
    M3,
    /// Cortex-M4 with its floating-point unit.
    M4F,
}

/// What a table has a line for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One cycle: moves, sums, comparisons, `it`.
    Plain,
    Multiply,
    MultiplyAdd,
    MultiplyLong,
    MultiplyAddLong,
    Divide,
    /// Loads and stores of one register, and of several.
    One,
    Many(u64),
    /// The same into the program counter.
    Return(u64),
    Branch,
    /// `bl`.
    Call,
    /// `bx`, `blx`, and what writes the program counter.
    Jump,
    Table,
    System,
    Float(Float),
}

/// An instruction of the floating-point unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Float {
    cycles: u64,
    /// The register whose value arrives one cycle later.
    result: Option<u32>,
    /// What it reads, but for an addend of a multiply-accumulate.
    reads: [Option<u32>; 2],
}

impl Core {
    /// The core of this name in [`EMULATED`](crate::boards::EMULATED).
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "cortex-m0" => Some(Self::M0),
            "cortex-m3" => Some(Self::M3),
            "cortex-m4f" => Some(Self::M4F),
            _ => None,
        }
    }

    /// Cycles of a block of instructions, each as its two halfwords, when the last one `jumps` or goes on with the next.
    pub fn cycles(self, block: &[[u16; 2]], jumps: bool) -> u64 {
        let mut cycles = 0;
        let mut late = None;
        for (at, opcode) in block.iter().enumerate() {
            let kind = kind(*opcode);
            cycles += self.of(kind, jumps && at + 1 == block.len());
            let float = if let Kind::Float(float) = kind { Some(float) } else { None };
            cycles += u64::from(late.is_some() && float.is_some_and(|float| float.reads.contains(&late)));
            late = float.and_then(|float| float.result);
        }
        cycles
    }

    fn of(self, kind: Kind, jumps: bool) -> u64 {
        let refill = if jumps { REFILL } else { 0 };
        match (self, kind) {
            (_, Kind::Float(float)) => float.cycles,
            (_, Kind::Plain)
            | (Self::M0 | Self::M4F, Kind::MultiplyAdd | Kind::MultiplyLong | Kind::MultiplyAddLong) => 1,
            (_, Kind::Multiply) => 1,
            (Self::M3, Kind::MultiplyAdd) => 2,
            (Self::M3, Kind::MultiplyLong) => 5,
            (Self::M3, Kind::MultiplyAddLong) => 7,
            (_, Kind::Divide) => DIVISION,
            (_, Kind::One) => 2,
            (_, Kind::Many(count)) => 1 + count,
            (Self::M0, Kind::Return(count)) => 4 + count,
            (_, Kind::Return(count)) => 1 + count + REFILL,
            (Self::M0, Kind::Branch) => {
                if jumps {
                    3
                } else {
                    1
                }
            }
            (_, Kind::Branch) => 1 + refill,
            (Self::M0, Kind::Call) => 4,
            (Self::M0, Kind::Jump) => 3,
            (_, Kind::Call | Kind::Jump) => 1 + REFILL,
            (_, Kind::Table) => 2 + REFILL,
            (Self::M0, Kind::System) => 4,
            (_, Kind::System) => 2,
        }
    }
}

/// The line of the table (Armv7-M Architecture Reference Manual, A5: the encoding of Thumb).
fn kind([first, second]: [u16; 2]) -> Kind {
    let (op, next) = (u32::from(first), u32::from(second));
    if op >= 0xe800 { wide(op, next) } else { narrow(op) }
}

/// Instructions of 16 bits.
fn narrow(op: u32) -> Kind {
    let list = u64::from((op & 0xff).count_ones());
    match op >> 8 {
        0x40..=0x43 if op & 0xffc0 == 0x4340 => Kind::Multiply,
        // add and mov with the program counter as their result.
        0x44 | 0x46 if op & 0x87 == 0x87 => Kind::Jump,
        0x47 => Kind::Jump,
        0x48..=0x9f => Kind::One,
        0xb4 => Kind::Many(list),
        0xb5 => Kind::Many(list + 1),
        0xbc => Kind::Many(list),
        0xbd => Kind::Return(list + 1),
        0xb1 | 0xb3 | 0xb9 | 0xbb => Kind::Branch,
        0xc0..=0xcf => Kind::Many(list),
        0xd0..=0xdd | 0xe0..=0xe7 => Kind::Branch,
        _ => Kind::Plain,
    }
}

/// Instructions of 32 bits.
fn wide(op: u32, next: u32) -> Kind {
    let (group, code) = (op >> 11 & 3, op >> 4 & 0x7f);
    let load = code & 1 == 1;
    match (group, code) {
        (1 | 3, 0x40..) => float(op, next),
        (1, _) if code & 0x64 == 0 => {
            let count = u64::from(next.count_ones());
            if load && next & 0x8000 != 0 { Kind::Return(count) } else { Kind::Many(count) }
        }
        (1, _) if code & 0x64 == 4 => {
            if op & 0xfff0 == 0xe8d0 && next & 0xffe0 == 0xf000 {
                Kind::Table
            } else {
                Kind::Many(2)
            }
        }
        (2, _) if next & 0x8000 != 0 => match next & 0x5000 {
            0x5000 => Kind::Call,
            0x1000 => Kind::Branch,
            0 if op & 0x0380 != 0x0380 => Kind::Branch,
            _ => Kind::System,
        },
        (3, _) if code & 0x71 == 0 => Kind::One,
        (3, _) if code & 0x61 == 1 => {
            if code & 0x67 == 5 && next >> 12 == 15 {
                Kind::Return(1)
            } else {
                Kind::One
            }
        }
        (3, _) if code & 0x78 == 0x30 => {
            if next >> 12 == 15 {
                Kind::Multiply
            } else {
                Kind::MultiplyAdd
            }
        }
        (3, _) if code & 0x78 == 0x38 => match code & 7 {
            1 | 3 => Kind::Divide,
            0 | 2 => Kind::MultiplyLong,
            _ => Kind::MultiplyAddLong,
        },
        _ => Kind::Plain,
    }
}

/// Instructions of the floating-point unit (A6), of single precision but for loads and stores.
fn float(op: u32, next: u32) -> Kind {
    let register = |four: u32, one: u32| Some((four & 0xf) << 1 | (one & 1));
    let (d, n, m) = (register(next >> 12, op >> 6), register(op, next >> 7), register(next, next >> 5));
    let float = |cycles, result, reads| Kind::Float(Float { cycles, result, reads });
    if op & 0xfe00 == 0xec00 {
        let words = u64::from(next & 0xff);
        return match op & 0x01b0 {
            _ if op & 0xffe0 == 0xec40 => float(2, None, [m, None]),
            0x0100 | 0x0180 => float(if next & 0x100 == 0 { 2 } else { 3 }, None, [d, None]),
            0x0110 | 0x0190 => float(if next & 0x100 == 0 { 2 } else { 3 }, None, [None, None]),
            // A store of several begins with d; the others are written later.
            _ => float(1 + words, None, [d.filter(|_| op & 0x10 == 0), None]),
        };
    }
    if next & 0x10 != 0 {
        // Moves from and to a core register, the status register among them.
        let from_float = op & 0x10 != 0;
        return float(1, None, [n.filter(|_| from_float && op & 0xe0 == 0), None]);
    }
    match op >> 4 & 0xb {
        0 | 1 | 9 | 0xa => float(3, d, [n, m]),
        2 | 3 => float(1, d, [n, m]),
        8 => float(14, d, [n, m]),
        _ => match op & 0xf {
            1 if next & 0xc0 == 0xc0 => float(14, d, [m, None]),
            4 | 5 => float(1, None, [d, if op & 1 == 0 { m } else { None }]),
            8.. => float(1, d, [m, None]),
            // vmov of a constant reads nothing.
            _ if next & 0x40 == 0 => float(1, None, [None, None]),
            _ => float(1, None, [m, None]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Encoded by LLVM's assembler for armv7e-m with fpv4-sp-d16.
    const VMLA_S0_S8_S20: [u16; 2] = [0xee04, 0x0a0a];
    const VMUL_S20_S8_S20: [u16; 2] = [0xee24, 0xaa0a];
    const VADD_S0_S0_S20: [u16; 2] = [0xee30, 0x0a0a];
    const VLDMIA_12: [u16; 2] = [0xecb1, 0x4a0c];

    #[test]
    fn the_floating_point_unit_of_an_m4() {
        let cycles = |block: &[[u16; 2]]| Core::M4F.cycles(block, false);
        assert_eq!(cycles(&[VLDMIA_12]), 13);
        // The sum of one multiply-accumulate is the addend of the next: nothing waits.
        assert_eq!(cycles(&[VMLA_S0_S8_S20, VMLA_S0_S8_S20]), 6);
        // The sum waits for its product.
        assert_eq!(cycles(&[VMUL_S20_S8_S20, VADD_S0_S0_S20]), 3);
        assert_eq!(cycles(&[VMUL_S20_S8_S20, [0xbf00, 0], VADD_S0_S0_S20]), 3);
    }

    #[test]
    fn branches_and_lists() {
        let pop_four_and_pc = [[0xbdf0, 0]];
        let times = |block: &[[u16; 2]], jumps| [Core::M0, Core::M3, Core::M4F].map(|core| core.cycles(block, jumps));
        assert_eq!(times(&pop_four_and_pc, true), [9, 8, 8]);
        let bne = [[0xd1fb, 0]];
        assert_eq!((times(&bne, true), times(&bne, false)), ([3, 3, 3], [1, 1, 1]));
        let umull = [[0xfba1, 0x2302]];
        assert_eq!(times(&umull, false)[1..], [5, 1]);
        let (udiv, ldr, mul) = ([[0xfbb0, 0xf1f1]], [[0x6801, 0]], [[0x4348, 0]]);
        assert_eq!([times(&udiv, false)[2], times(&ldr, false)[0], times(&mul, false)[0]], [12, 2, 1]);
        let (bl, bx) = ([[0xf000, 0xf8b1]], [[0x4770, 0]]);
        assert_eq!((times(&bl, true), times(&bx, true)), ([4, 3, 3], [3, 3, 3]));
    }
}
