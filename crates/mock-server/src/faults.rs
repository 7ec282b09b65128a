//! Scripted faults: errors that testers inject into the collector and the stream.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, de};
use signals_server::Object;
use utoipa::ToSchema;

/// A script of faults. Faults that it does not mention stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    #[schema(value_type = Option<StreamScript>)]
    stream: Option<Object<StreamScript>>,
    #[schema(value_type = Option<CollectorScript>)]
    collector: Option<Object<CollectorScript>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StreamScript {
    /// Answer requests for a stream with this status.
    #[serde(default, deserialize_with = "status_code")]
    #[schema(value_type = Option<u16>, minimum = 200, maximum = 999)]
    status: Option<StatusCode>,
    /// How many requests `status` and `delay_headers_ms` apply to. By default, all.
    times: Option<u32>,
    /// How long to delay the response to a request, in milliseconds.
    delay_headers_ms: Option<u32>,
    /// End a stream after this many interventions.
    drop_after_events: Option<u32>,
    /// Write this to every open stream or, if there is none, to the next one.
    send_raw: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CollectorScript {
    /// Answer requests with this status instead of processing them.
    #[serde(default, deserialize_with = "status_code")]
    #[schema(value_type = Option<u16>, minimum = 200, maximum = 999)]
    status: Option<StatusCode>,
    /// How many requests `status` applies to. By default, all.
    times: Option<u32>,
}

/// The parts of a script that happen at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Write this to the open streams or, if there is none, to the next one.
    pub(crate) send_raw: Option<Bytes>,
    /// End a stream after this many interventions.
    pub(crate) drop_after_events: Option<u32>,
}

/// The active faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    scripted: Mutex<Scripted>,
}

#[derive(Debug, Default)]
struct Scripted {
    stream: RequestFault,
    collector: RequestFault,
}

/// A fault that affects requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RequestFault {
    /// Wait this long first.
    pub(crate) delay: Duration,
    /// Answer with this status.
    pub(crate) status: Option<StatusCode>,
    /// For how many more requests. `None` for all.
    times: Option<u32>,
}

impl Faults {
    /// Activates `script`.
    pub(crate) fn follow(&self, script: Script) -> Demand {
        let mut scripted = self.scripted.lock();
        if let Some(Object(CollectorScript { status, times })) = script.collector {
            scripted.collector = RequestFault { status, times, delay: Duration::ZERO };
        }
        let Some(Object(stream)) = script.stream else { return Demand::default() };
        if stream.status.is_some() || stream.delay_headers_ms.is_some() {
            let delay = Duration::from_millis(stream.delay_headers_ms.unwrap_or(0).into());
            scripted.stream = RequestFault { delay, status: stream.status, times: stream.times };
        }
        Demand {
            send_raw: stream.send_raw.map(Bytes::from),
            drop_after_events: stream.drop_after_events,
        }
    }

    /// The fault for the current request to the collector.
    pub(crate) fn strike_collector(&self) -> RequestFault {
        self.scripted.lock().collector.strike()
    }

    /// The fault for the current request for a stream.
    pub(crate) fn strike_stream(&self) -> RequestFault {
        self.scripted.lock().stream.strike()
    }

    /// Ends all faults.
    pub(crate) fn clear(&self) {
        *self.scripted.lock() = Scripted::default();
    }
}

impl RequestFault {
    /// The fault for the current request. Counts down the requests that it applies to.
    fn strike(&mut self) -> Self {
        match &mut self.times {
            Some(0) => return Self::default(),
            Some(times) => *times -= 1,
            None => {}
        }
        *self
    }
}

/// A final status: a 1xx status only announces another one.
fn status_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StatusCode>, D::Error> {
    let Some(code) = Option::<u16>::deserialize(deserializer)? else { return Ok(None) };
    match StatusCode::from_u16(code) {
        Ok(status) if (200..=599).contains(&code) => Ok(Some(status)),
        _ => Err(de::Error::custom("must be a status from 200 to 599")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn follow(faults: &Faults, script: serde_json::Value) -> Demand {
        faults.follow(serde_json::from_value(script).unwrap())
    }

    fn stream_status(faults: &Faults) -> Option<StatusCode> {
        faults.strike_stream().status
    }

    #[test]
    fn a_status_strikes_as_often_as_scripted() {
        let faults = Faults::default();
        follow(&faults, json!({"stream": {"status": 503, "times": 2}}));
        let statuses = [(); 3].map(|()| stream_status(&faults));
        let unavailable = Some(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(statuses, [unavailable, unavailable, None]);
    }

    #[test]
    fn a_status_without_times_strikes_until_cleared() {
        let faults = Faults::default();
        follow(&faults, json!({"stream": {"status": 503}}));
        assert!([(); 10].iter().all(|()| stream_status(&faults).is_some()));
        faults.clear();
        assert_eq!(stream_status(&faults), None);
    }

    #[test]
    fn what_a_script_does_not_mention_stays_as_it_is() {
        let faults = Faults::default();
        follow(&faults, json!({"stream": {"status": 503}}));
        follow(&faults, json!({"collector": {"status": 500}}));
        let demand = follow(&faults, json!({"stream": {"drop_after_events": 2}}));
        assert!(stream_status(&faults).is_some());
        assert_eq!(demand, Demand { send_raw: None, drop_after_events: Some(2) });
    }

    #[test]
    fn a_list_of_values_is_no_script() {
        for script in [json!({"collector": [503, 3]}), json!({"stream": [503, 3, 0, 0, ""]})] {
            let error = serde_json::from_value::<Script>(script).unwrap_err().to_string();
            assert_eq!(error, "invalid type: sequence, expected an object");
        }
    }

    #[test]
    fn a_status_that_cannot_end_a_request_is_refused() {
        for status in [100, 199, 600, 1000] {
            let script = json!({"collector": {"status": status}});
            let error = serde_json::from_value::<Script>(script).unwrap_err().to_string();
            assert_eq!(error, "must be a status from 200 to 599");
        }
    }
}
