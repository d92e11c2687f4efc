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
    /// Code alone.
    pub code: u64,
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
        if sh_flags.contains(elf::SHF_EXECINSTR) {
            size.code += section.size();
        }
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

/// The address of a function's first instruction; `name` is the last part of its path.
///
/// # Errors
///
/// The file cannot be read, or has no function of this name.
pub fn entry(image: &Path, name: &str) -> Result<u32> {
    let found = sized(image, name)?;
    // The lowest bit says that it is Thumb.
    Ok(found.0 as u32 & !1)
}

/// The bytes of a function's code; `name` is the last part of its path.
///
/// # Errors
///
/// As those of [`entry`].
pub fn of_function(image: &Path, name: &str) -> Result<u64> {
    Ok(sized(image, name)?.1)
}

fn sized(image: &Path, name: &str) -> Result<(u64, u64)> {
    let bytes = read(image)?;
    let file = parse(&bytes, image)?;
    // Mangled, a part of a path is its length and its name.
    let part = format!("{}{name}", name.len());
    let mut found = file.symbols().filter(|symbol| symbol.name().is_ok_and(|mangled| mangled.contains(&part)));
    let first = found.next().with_context(|| format!("{} has no function `{name}`", image.display()))?;
    Ok((first.address(), first.size()))
}

/// The code of an image.
#[derive(Clone, Debug)]
pub struct Code {
    /// Each section with instructions, and where it begins.
    sections: Vec<(u64, Vec<u8>)>,
}

impl Code {
    /// The code of an ELF image.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is no ELF image.
    pub fn of(image: &Path) -> Result<Self> {
        let bytes = read(image)?;
        let file = parse(&bytes, image)?;
        let code = file.sections().filter(|section| section.kind() == object::SectionKind::Text);
        let sections = code.map(|section| Ok((section.address(), section.data()?.to_vec()))).collect::<Result<_>>()?;
        Ok(Self { sections })
    }

    /// The two halfwords at an address.
    pub fn halfwords(&self, address: u32) -> Option<[u16; 2]> {
        let (start, bytes) = self
            .sections
            .iter()
            .find(|(start, bytes)| (*start..*start + bytes.len() as u64).contains(&address.into()))?;
        let bytes = bytes.get((u64::from(address) - start) as usize..)?;
        let halfword = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        Some([halfword(0)?, halfword(2).unwrap_or_default()])
    }
}

fn read(image: &Path) -> Result<Vec<u8>> {
    fs::read(image).with_context(|| format!("cannot read {}", image.display()))
}

fn parse<'a>(bytes: &'a [u8], image: &Path) -> Result<object::File<'a>> {
    object::File::parse(bytes).with_context(|| format!("{} is no ELF image", image.display()))
}
