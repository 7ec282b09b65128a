//! Remembers calls for trackers that do not exist yet.

use crate::config::SubscriptionConfig;
use crate::delivery::handlers::Handlers;
use std::rc::Rc;

/// The handlers and the subscription of a tracker.
#[derive(Debug)]
pub(crate) struct Settings<H> {
    pub(crate) handlers: Handlers<H>,
    /// The latest subscription.
    pub(crate) subscription: Option<Rc<SubscriptionConfig>>,
}

impl<H> Default for Settings<H> {
    fn default() -> Self {
        Settings { handlers: Handlers::default(), subscription: None }
    }
}

/// Settings for any new tracker, and for trackers with certain ids.
#[derive(Debug)]
pub(crate) struct PendingSettings<H> {
    for_all: Settings<H>,
    by_tracker: Vec<(String, Settings<H>)>,
}

impl<H> Default for PendingSettings<H> {
    fn default() -> Self {
        PendingSettings { for_all: Settings::default(), by_tracker: Vec::new() }
    }
}

impl<H> PendingSettings<H> {
    /// Changes the settings for any new tracker.
    pub(crate) fn change_all(&mut self, change: &dyn Fn(&mut Settings<H>)) {
        change(&mut self.for_all);
        self.by_tracker.iter_mut().for_each(|(_, settings)| change(settings));
    }

    /// Changes the settings for the tracker with this id.
    pub(crate) fn change(&mut self, tracker_id: &str, change: &dyn Fn(&mut Settings<H>)) {
        match self.by_tracker.iter_mut().find(|(id, _)| id == tracker_id) {
            Some((_, settings)) => change(settings),
            None => {
                let mut settings = Settings::default();
                change(&mut settings);
                self.by_tracker.push((tracker_id.to_owned(), settings));
            }
        }
    }

    /// Returns the settings for a new tracker. The settings for its id come last and override the settings for any tracker.
    pub(crate) fn take(&mut self, tracker_id: &str) -> Settings<H> {
        let mut settings = Settings {
            handlers: self.for_all.handlers.clone(),
            subscription: self.for_all.subscription.clone(),
        };
        if let Some(index) = self.by_tracker.iter().position(|(id, _)| id == tracker_id) {
            let (_, own) = self.by_tracker.remove(index);
            settings.handlers.extend(&own.handlers);
            settings.subscription = own.subscription.or(settings.subscription);
        }
        settings
    }

    /// The id of a tracker that a subscription waits for, or `any tracker`. `is_alone` says that the page has no tracker.
    pub(crate) fn awaited(&self, is_alone: bool) -> Option<&str> {
        let any = is_alone && self.for_all.subscription.is_some();
        let named = self.by_tracker.iter().find(|(_, settings)| settings.subscription.is_some());
        named.map(|(id, _)| &**id).or(any.then_some("any tracker"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn handler_ids(settings: &Settings<u8>) -> Vec<&str> {
        settings.handlers.iter().map(|(id, _)| &**id).collect()
    }

    #[test]
    fn settings_for_all_reach_every_tracker_that_comes_later() {
        let mut pending = PendingSettings::default();
        pending.change_all(&|settings| settings.handlers.insert("banner", Rc::new(1)));
        assert_eq!(handler_ids(&pending.take("sp1")), ["banner"]);
        assert_eq!(handler_ids(&pending.take("sp2")), ["banner"]);
    }

    #[test]
    fn settings_for_one_tracker_reach_only_that_one_and_once() {
        let mut pending = PendingSettings::default();
        pending.change("sp1", &|settings| settings.handlers.insert("banner", Rc::new(1)));
        assert_eq!(handler_ids(&pending.take("sp2")), [""; 0]);
        assert_eq!(handler_ids(&pending.take("sp1")), ["banner"]);
        assert_eq!(handler_ids(&pending.take("sp1")), [""; 0]);
    }

    fn subscribe(settings: &mut Settings<u8>) {
        settings.subscription = Some(Rc::new(SubscriptionConfig {
            endpoint: "signals.example".into(),
            api_path: "/".into(),
            targets: Vec::new(),
            fixed_ids: Vec::new(),
            connection_timeout_ms: 1,
            shares_connection: false,
            raw: wasm_bindgen::JsValue::UNDEFINED,
        }));
    }

    #[test]
    fn a_subscription_waits_for_the_tracker_that_it_names_until_that_comes() {
        let mut pending = PendingSettings::default();
        pending.change("sp1", &|settings| settings.handlers.insert("banner", Rc::new(1)));
        assert_eq!(pending.awaited(true), None);
        pending.change("sp2", &subscribe);
        assert_eq!(pending.awaited(false), Some("sp2"));
        pending.take("sp2");
        assert_eq!(pending.awaited(false), None);
    }

    #[test]
    fn a_subscription_for_all_waits_as_long_as_there_is_no_tracker() {
        let mut pending = PendingSettings::default();
        pending.change_all(&subscribe);
        assert_eq!(pending.awaited(true), Some("any tracker"));
        assert_eq!(pending.awaited(false), None);
    }

    #[test]
    fn a_handler_removed_everywhere_is_also_removed_where_a_tracker_was_named() {
        let mut pending = PendingSettings::default();
        pending.change("sp1", &|settings| settings.handlers.insert("banner", Rc::new(1)));
        pending.change_all(&|settings| settings.handlers.remove("banner"));
        assert_eq!(handler_ids(&pending.take("sp1")), [""; 0]);
    }
}
