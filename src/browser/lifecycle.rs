//! What happens to the page as a whole.

use super::listener::{EventTarget, Listener};
use alloc::rc::Rc;
use wasm_bindgen::prelude::*;

/// A turn in the life of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageEvent {
    /// The browser has a network again.
    Online,
    /// The browser lost its network.
    Offline,
    /// The page is left, perhaps into the back-forward cache, or the browser freezes it in the background.
    Left,
    /// The page came back from the back-forward cache, or goes on after a freeze.
    CameBack,
    /// The user looks at the page again.
    Shown,
    /// The user does not see the page any more; on phones often the last thing a page hears.
    Covered,
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: EventTarget;

    #[wasm_bindgen(extends = EventTarget)]
    type Document;
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: Document;
    #[wasm_bindgen(method, getter)]
    fn hidden(this: &Document) -> bool;

    type PageTransitionEvent;
    #[wasm_bindgen(method, getter)]
    fn persisted(this: &PageTransitionEvent) -> bool;
}

/// Listeners on window and document.
#[must_use = "dropping it stops the listening"]
pub struct PageLifecycle {
    _listeners: [Listener; 7],
}

impl PageLifecycle {
    /// Reports every turn to `listener`.
    pub fn watch(listener: impl Fn(PageEvent) + 'static) -> PageLifecycle {
        let listener: Rc<dyn Fn(PageEvent)> = Rc::new(listener);
        let on =
            |target: &EventTarget, event: &'static str, turn: fn(JsValue) -> Option<PageEvent>| {
                let listener = Rc::clone(&listener);
                Listener::new(target, event, move |event| {
                    if let Some(turn) = turn(event) {
                        listener(turn);
                    }
                })
            };
        WINDOW.with(|window| {
            DOCUMENT.with(|document| PageLifecycle {
                _listeners: [
                    on(window, "online", |_| Some(PageEvent::Online)),
                    on(window, "offline", |_| Some(PageEvent::Offline)),
                    on(window, "pagehide", |_| Some(PageEvent::Left)),
                    on(window, "pageshow", |event| {
                        let event: PageTransitionEvent = event.unchecked_into();
                        event.persisted().then_some(PageEvent::CameBack)
                    }),
                    // Not in every browser; where they are, a frozen page must not keep others waiting.
                    on(document, "freeze", |_| Some(PageEvent::Left)),
                    on(document, "resume", |_| Some(PageEvent::CameBack)),
                    on(document, "visibilitychange", |_| {
                        let hidden = DOCUMENT.with(Document::hidden);
                        Some(if hidden { PageEvent::Covered } else { PageEvent::Shown })
                    }),
                ],
            })
        })
    }
}
