//! Events in the life of the page.

use super::window;
use gloo_events::EventListener;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget, PageTransitionEvent};

/// An event in the life of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageEvent {
    /// The browser came online.
    Online,
    /// The browser went offline.
    Offline,
    /// The user left the page, perhaps into the back-forward cache, or the browser froze it in the background.
    Left,
    /// The page returned from the back-forward cache or a freeze.
    CameBack,
    /// The page became visible.
    Shown,
    /// The page became hidden. On phones, this is often its last event.
    Covered,
}

/// Listeners on window and document.
#[must_use = "dropping it stops the listening"]
pub(crate) struct PageLifecycle {
    _listeners: Vec<EventListener>,
}

impl PageLifecycle {
    /// Calls `listener` for every event.
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
                // Only some browsers freeze pages. A frozen page must not keep other tabs waiting for the lock.
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
