//! The sections of a firmware image, in bytes.

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, elf};
use std::fs;
use std::path::Path;

/// Bytes of an image in flash and in RAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Code, and the table of vectors before it.
    pub text: u64,
    /// Constants: the weights among them.
    pub rodata: u64,
    /// Initialised variables: in RAM, with their first values in flash.
    pub data: u64,
    /// Variables that start at zero or are not initialised: in RAM.
    pub bss: u64,
}

impl Size {
    /// Bytes of flash.
    pub fn flash(&self) -> u64 {
        self.text + self.rodata + self.data
    }

    /// Bytes of RAM, without the stack.
    pub fn ram(&self) -> u64 {
        self.data + self.bss
    }
}

/// The sizes of an ELF image.
///
/// Every allocated section counts: executable ones as text, other ones that cannot be written as rodata.
///
/// # Errors
///
/// The file cannot be read or is no ELF image.
pub fn of(image: &Path) -> Result<Size> {
    let bytes = read(image)?;
    let mut size = Size::default();
    for section in parse(&bytes, image)?.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if !sh_flags.contains(elf::SHF_ALLOC) {
            continue;
        }
        let part = if section.kind().is_bss() {
            &mut size.bss
        } else if sh_flags.contains(elf::SHF_EXECINSTR) || section.name() == Ok(".vector_table") {
            &mut size.text
        } else if sh_flags.contains(elf::SHF_WRITE) {
            &mut size.data
        } else {
            &mut size.rodata
        };
        *part += section.size();
    }
    Ok(size)
}

/// Where a run of bytes begins in the file, at every place.
///
/// # Errors
///
/// The file cannot be read.
pub fn occurrences(image: &Path, needle: &[u8]) -> Result<Vec<usize>> {
    let bytes = read(image)?;
    let windows = bytes.windows(needle.len().max(1)).enumerate();
    Ok(windows.filter(|(_, window)| *window == needle).map(|(offset, _)| offset).collect())
}

/// The names of the functions in an image, as they are linked.
///
/// # Errors
///
/// The file cannot be read or is no ELF image.
pub fn functions(image: &Path) -> Result<Vec<String>> {
    let bytes = read(image)?;
    let file = parse(&bytes, image)?;
    let symbols = file.symbols().filter(|symbol| symbol.kind() == object::SymbolKind::Text);
    Ok(symbols.filter_map(|symbol| symbol.name().ok()).map(str::to_owned).collect())
}

fn read(image: &Path) -> Result<Vec<u8>> {
    fs::read(image).with_context(|| format!("cannot read {}", image.display()))
}

fn parse<'a>(bytes: &'a [u8], image: &Path) -> Result<object::File<'a>> {
    object::File::parse(bytes).with_context(|| format!("{} is no ELF image", image.display()))
}
