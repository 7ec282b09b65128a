//! What the shipped plugin has instead of the standard library.
//!
//! The standard library's way to panic formats a message that nobody would see, and its allocator is built for speed: together
//! they are a quarter of the download. Native builds and tests, which want the message, use the standard library as usual.

use core::panic::PanicInfo;
use rlsf::SmallGlobalTlsf;

#[global_allocator]
static ALLOCATOR: SmallGlobalTlsf = SmallGlobalTlsf::new();

/// Stops the plugin where it is: the call from JavaScript that led here throws a `RuntimeError`.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
