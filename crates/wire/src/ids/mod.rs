//! Finds ids in events. The plugin and the server share this code, so the plugin subscribes to the ids that the server counts.
//!
//! Each end implements [`Event`] and [`Json`] for its own types. Both run the cases in `tests/fixtures/ids.json`.
//!
//! ```
//! use std::borrow::Cow;
//! use serde_json::{Value, json};
//! use signals_wire::ids::{Event, Pointer};
//!
//! /// A payload, without the JSON inside it.
//! struct Payload(Value);
//!
//! impl<'e> Event<'e> for &'e Payload {
//!     type Json = &'e Value;
//!
//!     fn field(&self, parameter: &str) -> Option<Cow<'e, str>> {
//!         self.0.get(parameter)?.as_str().map(Cow::Borrowed)
//!     }
//!
//!     fn document(&self, _parameter: &'static str, _trace: &str) -> Option<&'e Value> {
//!         None
//!     }
//! }
//!
//! let payload = Payload(json!({"e": "pv", "uid": "ada\n", "url": "https://shop.example/?utm_source=mail"}));
//! let found = |pointer| Pointer::parse(pointer).unwrap().find(&&payload);
//! assert_eq!(found("/user_id").as_deref(), Some("ada"));
//! assert_eq!(found("mkt_source").as_deref(), Some("mail"));
//! ```

mod computed;
mod event;
mod json;
mod pointer;

pub use computed::{FROM_URLS, FromUrl};
pub use event::{Event, is_base64};
pub use json::{Json, follow};
pub use pointer::{Pointer, PointerProblem};
