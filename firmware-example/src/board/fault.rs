//! The ends that nobody wants: a panic, or a fault of the core. Each prints one line and ends with a failure.
#![allow(unsafe_code)]

use core::arch::naked_asm;
use core::panic::PanicInfo;

use cortex_m_rt::ExceptionFrame;

use crate::println;

#[cfg(not(feature = "no-panic-proof"))]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    super::exit(false)
}

/// Calls what is defined nowhere: where the linker finds this handler in use, a panic is left in the binary.
#[cfg(feature = "no-panic-proof")]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panic_is_left_in_this_binary() -> !;
    }
    // SAFETY: never linked, so never called.
    unsafe { a_panic_is_left_in_this_binary() }
}

unsafe extern "C" {
    /// One past the highest word of the stack, from `memory.x`.
    static _stack_start: u32;
    /// Lowest word of the stack, from `memory.x`.
    static _stack_end: u32;
}

/// Goes on with [`report`], on a stack that has room for it.
///
/// A fault may mean that no stack is left: then it is taken from its beginning again. `cortex-m-rt` puts the function
/// of this name into the table of vectors.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn HardFault() -> ! {
    // SAFETY: nothing returns from here, so that no register and no word of the stack is needed any more; `report` gets
    // its argument in r0.
    naked_asm!(
        "mrs r0, MSP",
        "ldr r1, ={end} + {room}",
        "cmp r0, r1",
        "bhs 2f",
        "ldr r1, ={start}",
        "msr MSP, r1",
        "2:",
        "ldr r1, ={report}",
        "bx r1",
        ".ltorg",
        end = sym _stack_end,
        start = sym _stack_start,
        report = sym report,
        // More than printing the line takes (`selftest-board` prints what its own takes).
        room = const 1024,
    )
}

/// Says where the fault was.
///
/// # Safety
///
/// `frame` is the main stack pointer when the core entered the handler.
unsafe extern "C" fn report(frame: *const ExceptionFrame) -> ! {
    let (lowest, highest) = ((&raw const _stack_end).addr(), (&raw const _stack_start).addr());
    if frame.addr() < lowest || frame.addr() + size_of::<ExceptionFrame>() > highest {
        println!("hard fault: the stack is larger than {} bytes", super::STACK);
    } else {
        // SAFETY: the core wrote the frame here, and all of it lies in the stack.
        println!("hard fault at {:#010x}", unsafe { (*frame).pc() });
    }
    super::exit(false)
}
