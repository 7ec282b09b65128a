//! What happens to the page as a whole.

use super::window;
use gloo_events::EventListener;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget, PageTransitionEvent};

/// A turn in the life of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageEvent {
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

/// Listeners on window and document.
#[must_use = "dropping it stops the listening"]
pub(crate) struct PageLifecycle {
    _listeners: Vec<EventListener>,
}

impl PageLifecycle {
    /// Reports every turn to `listener`.
    pub(crate) fn watch(listener: impl Fn(PageEvent) + 'static) -> PageLifecycle {
        let listener: Rc<dyn Fn(PageEvent)> = Rc::new(listener);
        let on =
            |target: &EventTarget, event: &'static str, turn: fn(&Event) -> Option<PageEvent>| {
                let listener = Rc::clone(&listener);
                EventListener::new(target, event, move |event| {
                    if let Some(turn) = turn(event) {
                        listener(turn);
                    }
                })
            };
        let window = window();
        let mut listeners = vec![
            on(&window, "online", |_| Some(PageEvent::Online)),
            on(&window, "offline", |_| Some(PageEvent::Offline)),
            on(&window, "pagehide", |_| Some(PageEvent::Left)),
            on(&window, "pageshow", |event| {
                let from_cache = event.unchecked_ref::<PageTransitionEvent>().persisted();
                from_cache.then_some(PageEvent::CameBack)
            }),
        ];
        if let Some(document) = window.document() {
            listeners.extend([
                // Not in every browser; where they are, a frozen page must not keep others waiting.
                on(&document, "freeze", |_| Some(PageEvent::Left)),
                on(&document, "resume", |_| Some(PageEvent::CameBack)),
                on(&document, "visibilitychange", |_| {
                    let hidden =
                        super::window().document().is_some_and(|document| document.hidden());
                    Some(if hidden { PageEvent::Covered } else { PageEvent::Shown })
                }),
            ]);
        }
        PageLifecycle { _listeners: listeners }
    }
}
