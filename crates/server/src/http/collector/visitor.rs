use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use cookie::{Cookie, SameSite, time};
use signals_engine::{Arrival, Timestamp};
use signals_wire::identifier;
use uuid::Uuid;

use super::SP_ANONYMOUS;
use crate::pipeline::RawEvent;

/// Name of the cookie that holds the network user id.
const COOKIE_NAME: &str = "sp";

const COOKIE_MAX_AGE: time::Duration = time::Duration::days(365);

/// Tracker parameters that are ignored in an anonymous request: the address and the network user id.
const IDENTIFYING_PARAMETERS: [&str; 3] = ["ip", "nuid", "tnuid"];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What a request reveals about its sender.
#[derive(Debug)]
pub(super) struct Visitor {
    useragent: Option<String>,
    referer: Option<String>,
    /// `None` for anonymous requests.
    identity: Option<Identity>,
}

#[derive(Debug)]
struct Identity {
    network_userid: String,
    address: Option<IpAddr>,
    over_https: bool,
}

impl Visitor {
    /// What the collector adds to the events of this request.
    pub(super) fn arrival(&self, now: Timestamp) -> Arrival {
        let identity = self.identity.as_ref();
        Arrival {
            collector_tstamp: now,
            network_userid: identity.map(|identity| identity.network_userid.clone()),
            referer: self.referer.clone(),
            useragent: self.useragent.clone(),
            user_ipaddress: identity.and_then(|identity| identity.address).map(|ip| ip.to_string()),
        }
    }

    /// Removes identifying parameters from an event of an anonymous request.
    pub(super) fn redact<'a>(&self, mut event: RawEvent<'a>) -> RawEvent<'a> {
        if self.identity.is_none()
            && let Ok(payload) = &mut event.payload
        {
            for parameter in IDENTIFYING_PARAMETERS {
                payload.remove(parameter);
            }
        }
        event
    }

    /// The `Set-Cookie` header that keeps the network user id for another year.
    pub(super) fn set_cookie(&self) -> Option<(HeaderName, HeaderValue)> {
        let identity = self.identity.as_ref()?;
        // Browsers accept third-party cookies only with `Secure`, and not all of them accept that over plain HTTP, even from
        // loopback. There, the shop and the collector are the same site on any port, so `Lax` works.
        let same_site = if identity.over_https { SameSite::None } else { SameSite::Lax };
        let cookie = Cookie::build((COOKIE_NAME, identity.network_userid.as_str()))
            .path("/")
            .max_age(COOKIE_MAX_AGE)
            .same_site(same_site)
            .secure(identity.over_https)
            .http_only(true)
            .to_string();
        Some((header::SET_COOKIE, HeaderValue::try_from(cookie).ok()?))
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self::from_headers(&parts.headers, peer))
    }
}

impl Visitor {
    fn from_headers(headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let identity = (!headers.contains_key(SP_ANONYMOUS)).then(|| Identity {
            network_userid: id_in_cookie(headers).unwrap_or_else(|| Uuid::new_v4().to_string()),
            address: forwarded_address(headers).or(peer),
            over_https: text(headers, &X_FORWARDED_PROTO) == Some("https"),
        });
        let owned = |name| text(headers, name).map(str::to_owned);
        Self { useragent: owned(&header::USER_AGENT), referer: owned(&header::REFERER), identity }
    }
}

fn id_in_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == COOKIE_NAME)
        .map(|cookie| cookie.value().to_owned())
        .find(|id| identifier::is_canonical_uuid(id) && identifier::is_id(id))
}

/// The client's address, from the first proxy.
fn forwarded_address(headers: &HeaderMap) -> Option<IpAddr> {
    text(headers, &X_FORWARDED_FOR)?.split(',').next()?.trim().parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use signals_engine::Event;

    use super::*;

    const ID: &str = "218e8926-3858-431d-b2ed-66da03a1cbe5";

    fn visitor(headers: &[(HeaderName, &str)]) -> Visitor {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect();
        Visitor::from_headers(&headers, Some([127, 0, 0, 1].into()))
    }

    fn arrival(visitor: &Visitor) -> Arrival {
        visitor.arrival(Timestamp::from_millis(7))
    }

    fn cookie(visitor: &Visitor) -> String {
        visitor.set_cookie().unwrap().1.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_new_visitor_gets_a_random_id_for_a_year() {
        let [first, second] = [visitor(&[]), visitor(&[])];
        let id = arrival(&first).network_userid.unwrap();
        assert!(identifier::is_canonical_uuid(&id));
        assert_ne!(Some(&id), arrival(&second).network_userid.as_ref());
        assert_eq!(
            cookie(&first),
            format!("sp={id}; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000")
        );
    }

    #[test]
    fn a_known_visitor_keeps_the_id() {
        let visitor = visitor(&[(header::COOKIE, &format!("a=b; sp={ID}; c=d"))]);
        assert_eq!(arrival(&visitor).network_userid.as_deref(), Some(ID));
        assert!(cookie(&visitor).starts_with(&format!("sp={ID};")));
    }

    #[test]
    fn a_cookie_that_is_no_id_is_replaced() {
        for value in ["", "x", identifier::NIL_UUID] {
            let visitor = visitor(&[(header::COOKIE, &format!("sp={value}"))]);
            assert_ne!(arrival(&visitor).network_userid.as_deref(), Some(value));
        }
    }

    #[test]
    fn over_https_the_cookie_works_for_other_sites_too() {
        let cookie = cookie(&visitor(&[(X_FORWARDED_PROTO, "https")]));
        assert!(cookie.contains("SameSite=None; Secure;"), "{cookie}");
    }

    #[test]
    fn the_address_is_that_of_the_peer_or_of_who_a_proxy_speaks_for() {
        let direct = arrival(&visitor(&[]));
        assert_eq!(direct.user_ipaddress.as_deref(), Some("127.0.0.1"));
        let forwarded = arrival(&visitor(&[(X_FORWARDED_FOR, "203.0.113.7, 10.0.0.1")]));
        assert_eq!(forwarded.user_ipaddress.as_deref(), Some("203.0.113.7"));
        let garbage = arrival(&visitor(&[(X_FORWARDED_FOR, "unknown")]));
        assert_eq!(garbage.user_ipaddress.as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn an_anonymous_visitor_leaves_neither_address_nor_id() {
        let visitor = visitor(&[
            (SP_ANONYMOUS, "*"),
            (header::COOKIE, &format!("sp={ID}")),
            (header::USER_AGENT, "Firefox"),
            (header::REFERER, "https://shop.example/"),
        ]);
        let expected = Arrival {
            collector_tstamp: Timestamp::from_millis(7),
            network_userid: None,
            referer: Some("https://shop.example/".into()),
            useragent: Some("Firefox".into()),
            user_ipaddress: None,
        };
        assert_eq!(arrival(&visitor), expected);
        assert_eq!(visitor.set_cookie(), None);

        let sent = r#"{"e": "pv", "ip": "203.0.113.7", "nuid": "n", "tnuid": "t", "uid": "u"}"#;
        let raw = RawEvent { text: sent, payload: Ok(serde_json::from_str(sent).unwrap()) };
        let payload = visitor.redact(raw).payload.unwrap();
        let event = Event::from_payload(payload, &arrival(&visitor)).unwrap();
        let fields = ["user_ipaddress", "network_userid", "user_id"].map(|name| event.atomic(name));
        assert_eq!(fields, [Value::Null, Value::Null, "u".into()]);
    }
}
