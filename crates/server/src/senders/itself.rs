//! Finds out whether an address leads to this server, which would answer its own messages.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{self, TcpListener};
use tokio::time;
use url::Url;

/// How long the name of a receiver may take to be resolved. Other receivers are not asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether `url` leads to a server that listens on `listening`. An unknown host does not.
pub(super) async fn leads_to(url: &Url, listening: SocketAddr) -> bool {
    if url.port_or_known_default() != Some(listening.port()) {
        return false;
    }
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let resolved = time::timeout(PATIENCE, net::lookup_host((host, listening.port())));
    let Ok(Ok(addresses)) = resolved.await else { return false };
    for address in addresses {
        if reaches(address.ip().to_canonical(), listening.ip().to_canonical()).await {
            return true;
        }
    }
    false
}

/// Whether a connection to `ip` reaches a listener on `listening`, if the port is the same.
async fn reaches(ip: IpAddr, listening: IpAddr) -> bool {
    // A connection to the unspecified address stays on this machine.
    let ip = if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip };
    if listening.is_unspecified() {
        ip.is_loopback() || TcpListener::bind((ip, 0)).await.is_ok()
    } else {
        ip == listening || (ip.is_loopback() && listening.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn leads(url: &str, listening: &str) -> bool {
        leads_to(&url.parse().unwrap(), listening.parse().unwrap()).await
    }

    #[tokio::test]
    async fn all_addresses_of_this_machine_lead_to_a_server_on_all_of_them() {
        for url in [
            "http://127.0.0.1:8787/x",
            "https://localhost:8787",
            "http://127.0.0.2:8787",
            "http://[::1]:8787/",
            "http://0.0.0.0:8787",
            "http://0x7f000001:8787",
        ] {
            assert!(leads(url, "0.0.0.0:8787").await, "{url}");
            assert!(leads(url, "[::]:8787").await, "{url}");
            assert!(leads(url, "127.0.0.1:8787").await, "{url}");
        }
    }

    #[tokio::test]
    async fn the_usual_port_counts() {
        assert!(leads("http://localhost/", "127.0.0.1:80").await);
        assert!(leads("https://localhost/", "127.0.0.1:443").await);
        assert!(!leads("https://localhost/", "127.0.0.1:80").await);
    }

    #[tokio::test]
    async fn other_ports_and_machines_do_not() {
        assert!(!leads("http://127.0.0.1:8788/", "127.0.0.1:8787").await);
        assert!(!leads("http://192.0.2.1:8787/", "0.0.0.0:8787").await);
        assert!(!leads("http://127.0.0.1:8787/", "192.0.2.1:8787").await);
        assert!(!leads("http://no-such-host.invalid:8787/", "0.0.0.0:8787").await);
    }
}
