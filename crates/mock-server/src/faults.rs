//! Scripted faults: what a tester wants to go wrong, and where it does.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, de};
use signals_server::Object;
use utoipa::ToSchema;

/// A script of faults, as testers post it. What it does not mention stays as it is.
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
    /// How many requests `status` and `delay_headers_ms` concern; without it, all.
    times: Option<u32>,
    /// Keep a request waiting for so long before it is answered.
    delay_headers_ms: Option<u32>,
    /// End streams that have brought so many instances.
    drop_after_events: Option<u32>,
    /// Write this to every open stream or, when there is none, to the next one.
    send_raw: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CollectorScript {
    /// Answer requests with this status instead of processing them.
    #[serde(default, deserialize_with = "status_code")]
    #[schema(value_type = Option<u16>, minimum = 200, maximum = 999)]
    status: Option<StatusCode>,
    /// How many requests `status` concerns; without it, all.
    times: Option<u32>,
}

/// What a script asks for at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Write this to the open streams or, when there is none, to the next one.
    pub(crate) send_raw: Option<Bytes>,
    /// End streams that have brought so many instances.
    pub(crate) drop_after_events: Option<u32>,
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    scripted: Mutex<Scripted>,
}

#[derive(Debug, Default)]
struct Scripted {
    stream: RequestFault,
    collector: RequestFault,
}

/// What happens to requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RequestFault {
    /// Wait for so long first.
    pub(crate) delay: Duration,
    /// Answer with this.
    pub(crate) status: Option<StatusCode>,
    /// For how many more requests; none: for all.
    times: Option<u32>,
}

impl Faults {
    /// Puts `script` in force.
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

    /// What happens to the request to the collector that is being made.
    pub(crate) fn strike_collector(&self) -> RequestFault {
        self.scripted.lock().collector.strike()
    }

    /// What happens to the request for a stream that is being made.
    pub(crate) fn strike_stream(&self) -> RequestFault {
        self.scripted.lock().stream.strike()
    }

    /// Ends all faults.
    pub(crate) fn clear(&self) {
        *self.scripted.lock() = Scripted::default();
    }
}

impl RequestFault {
    /// What happens to the request that is being made.
    fn strike(&mut self) -> Self {
        match &mut self.times {
            Some(0) => return Self::default(),
            Some(times) => *times -= 1,
            None => {}
        }
        *self
    }
}

/// A status that can end a request: 1xx ones announce another.
fn status_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StatusCode>, D::Error> {
    let Some(code) = Option::<u16>::deserialize(deserializer)? else { return Ok(None) };
    match StatusCode::from_u16(code) {
        Ok(status) if (200..=599).contains(&code) => Ok(Some(status)),
        _ => Err(de::Error::custom("must be from 200 to 599")),
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
            assert_eq!(error, "must be from 200 to 599");
        }
    }
}
