//! What happens to the page as a whole.

use gloo_events::EventListener;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{PageTransitionEvent, Window};

/// A turn in the life of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageEvent {
    /// The browser has a network again.
    Online,
    /// The browser lost its network.
    Offline,
    /// The page is left; it may come back from the back-forward cache.
    Left,
    /// The page came back from the back-forward cache.
    CameBack,
    /// The user looks at the page again.
    Shown,
    /// The user does not see the page any more; on phones often the last thing a page hears.
    Covered,
}

/// Listeners on window and document.
#[must_use = "dropping it stops the listening"]
pub struct PageLifecycle {
    _listeners: [EventListener; 5],
}

impl PageLifecycle {
    /// Reports every turn to `listener`. `None` in an environment without a document.
    pub fn watch(window: &Window, listener: impl Fn(PageEvent) + 'static) -> Option<PageLifecycle> {
        let document = window.document()?;
        let listener: Rc<dyn Fn(PageEvent)> = Rc::new(listener);
        let on_window = |name: &'static str, reported: PageEvent| {
            let listener = Rc::clone(&listener);
            EventListener::new(window, name, move |_| listener(reported))
        };
        let came_back = Rc::clone(&listener);
        let visibility = Rc::clone(&listener);
        let visible_document = document.clone();
        Some(PageLifecycle {
            _listeners: [
                on_window("online", PageEvent::Online),
                on_window("offline", PageEvent::Offline),
                on_window("pagehide", PageEvent::Left),
                EventListener::new(window, "pageshow", move |event| {
                    if event.unchecked_ref::<PageTransitionEvent>().persisted() {
                        came_back(PageEvent::CameBack);
                    }
                }),
                EventListener::new(&document, "visibilitychange", move |_| {
                    let shown =
                        visible_document.visibility_state() == web_sys::VisibilityState::Visible;
                    visibility(if shown { PageEvent::Shown } else { PageEvent::Covered });
                }),
            ],
        })
    }
}
