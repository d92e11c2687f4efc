//! What an image executes under QEMU between the entries of two of its functions, instruction by instruction.
//!
//! QEMU writes the blocks that it translates (`-d in_asm`) and each one that it executes (`-d exec,nochain`). Nothing
//! interrupts an image that starts no timer, so that a block is executed as a whole and the count is exact.

use crate::boards::Emulated;
use crate::cycles::Core;
use crate::firmware;
use crate::{process, size};
use anyhow::{Context as _, Result, ensure};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

/// What was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Number of instructions.
    pub instructions: u64,
    /// Estimated cycles, for a core whose timings Arm publishes.
    pub cycles: Option<u64>,
    /// What the firmware printed.
    pub printed: String,
}

/// A block of instructions without a branch but at its end.
#[derive(Clone, Debug, Default)]
struct Block {
    /// The address of each.
    addresses: Vec<u32>,
    /// The address after the last.
    end: u32,
}

/// Runs an image and counts from the entry of the function `from` to that of `to`.
///
/// # Errors
///
/// QEMU cannot be started, the image has no such functions or cannot be read, or ends with another code than 0.
pub fn run(board: &Emulated, image: &Path, from: &str, to: &str) -> Result<Trace> {
    let (from, to) = (size::entry(image, from)?, size::entry(image, to)?);
    let mut qemu = firmware::qemu(board, image);
    qemu.args(["-d", "exec,nochain,in_asm"]);
    let mut child = qemu
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::display(&qemu)))?;
    let stderr = child.stderr.take().context("QEMU has no standard error")?;
    let mut reading = Reading { from, to, ..Reading::default() };
    let mut lines = BufReader::with_capacity(1 << 16, stderr);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        reading.line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait()?;
    ensure!(status.success(), "`{}` ended with {status}\n{}", process::display(&qemu), reading.printed);
    ensure!(reading.ended, "{} was not reached in {}", to, image.display());
    let code = size::Code::of(image)?;
    let core = Core::named(board.core);
    let (mut instructions, mut cycles) = (0, 0);
    for ((start, next), count) in &reading.executed {
        let block = reading.blocks.get(start).context("QEMU executed a block that it had not translated")?;
        instructions += count * block.addresses.len() as u64;
        if let Some(core) = core {
            let opcodes: Option<Vec<_>> = block.addresses.iter().map(|address| code.halfwords(*address)).collect();
            let opcodes = opcodes.with_context(|| format!("no code at {start:#x}"))?;
            cycles += count * core.cycles(&opcodes, *next != block.end);
        }
    }
    Ok(Trace { instructions, cycles: core.map(|_| cycles), printed: reading.printed })
}

/// What has been read of QEMU's log.
#[derive(Default)]
struct Reading {
    from: u32,
    to: u32,
    blocks: HashMap<u32, Block>,
    /// The block that is being listed.
    listed: Option<Block>,
    /// How often a block was executed, and which came next.
    executed: HashMap<(u32, u32), u64>,
    /// The block before this one, between the two functions.
    last: Option<u32>,
    ended: bool,
    printed: String,
}

impl Reading {
    fn line(&mut self, line: &str) {
        if line.starts_with("IN:") {
            self.listed = Some(Block::default());
        } else if line.starts_with("0x") && self.listed.is_some() {
            if let (Some(block), Some((address, len))) = (&mut self.listed, instruction(line)) {
                block.addresses.push(address);
                block.end = address + len;
            }
        } else if let Some(rest) = line.strip_prefix("Trace ") {
            let address = rest.split('/').nth(1).and_then(|address| u32::from_str_radix(address, 16).ok());
            if let Some(address) = address {
                self.executes(address);
            }
        } else if line.trim().is_empty() || line.starts_with("----") {
            if let Some(block) = self.listed.take_if(|block| !block.addresses.is_empty()) {
                self.blocks.insert(block.addresses[0], block);
            }
        } else {
            self.printed += line;
        }
    }

    fn executes(&mut self, address: u32) {
        if let Some(last) = self.last {
            *self.executed.entry((last, address)).or_default() += 1;
        }
        let begins = address == self.from && self.executed.is_empty();
        self.ended |= self.last.is_some() && address == self.to;
        self.last = (!self.ended && (begins || self.last.is_some())).then_some(address);
    }
}

/// The address and the length of an instruction in a listing, `0x00000400:  f000 fcb1  bl  #0xd66`.
fn instruction(line: &str) -> Option<(u32, u32)> {
    let (address, rest) = line.strip_prefix("0x")?.split_once(':')?;
    let address = u32::from_str_radix(address, 16).ok()?;
    let halfword = |word: &&str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = rest.split_whitespace().take(2).take_while(halfword).count();
    let first = u16::from_str_radix(rest.split_whitespace().next()?, 16).ok()?;
    // The second word of a short instruction is its name, which may look like a number ("add"): the first one tells.
    let len = if first >= 0xe800 { 4 } else { 2 };
    (count > 0).then_some((address, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_counted_between_two_entries() {
        let mut reading = Reading { from: 0x10, to: 0x20, ..Reading::default() };
        let log = "----\nIN: a\n0x00000010:  2200       movs     r2, #0\n0x00000012:  f000 fcb1  bl       #0x20\n\n\
            Trace 0: 0x7efd [0/0000000c/1/f] b\nTrace 0: 0x7efd [0/00000010/1/f] a\n\
            Trace 0: 0x7efd [0/00000010/1/f] a\nstack = 0012\nTrace 0: 0x7efd [0/00000020/1/f] c\n\
            Trace 0: 0x7efd [0/00000010/1/f] a\n";
        log.lines().for_each(|line| reading.line(&format!("{line}\n")));
        assert_eq!(reading.executed, HashMap::from([((0x10, 0x10), 1), ((0x10, 0x20), 1)]));
        assert_eq!(reading.blocks[&0x10].addresses, [0x10, 0x12]);
        assert_eq!((reading.blocks[&0x10].end, reading.ended), (0x16, true));
        assert_eq!(reading.printed, "stack = 0012\n");
    }

    #[test]
    fn the_length_of_an_instruction_is_in_its_first_half() {
        assert_eq!(instruction("0x00000410:  e7fb       b        #0x40a"), Some((0x410, 2)));
        assert_eq!(instruction("0x00000412:  1840       adds     r0, r0, r1"), Some((0x412, 2)));
        assert_eq!(instruction("0x00000400:  ecb1 4a0c  vldmia   r1!, {s8, s9}"), Some((0x400, 4)));
        assert_eq!(instruction("0x0000:"), None);
    }
}
