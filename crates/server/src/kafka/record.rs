//! The lines of a record. Enrich 6.11 and later can write many enriched events into one compressed record.
//!
//! Such a record is zstd or gzip data. Inside are a version byte, another byte for the version of the events, and the events. Each
//! has its length in front, as four bytes in network order. Source: Snowplow's guide "Read compressed records from the enriched
//! stream".

use std::io::{self, Read};

use flate2::read::GzDecoder;
use signals_engine::BadEvent;
use zstd::stream::read::Decoder as ZstdDecoder;

/// A line of a record. Or why a part of the record has none, and a description of that part.
pub(super) type Line = Result<String, (BadEvent, String)>;

/// The only known version of compressed records.
const VERSION: u8 = 1;

/// The size of an event above which Snowplow's own loaders refuse it too.
const MAX_EVENT_BYTES: u32 = 10_000_000;

/// The decompressed size above which the rest of a record is refused, so that no record takes all memory.
const MAX_RECORD_BYTES: u64 = 100_000_000;

/// The lines of a record. What can be read of a damaged record is kept.
pub(super) fn lines(data: &[u8]) -> Vec<Line> {
    let (name, result) = match data {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd", ZstdDecoder::with_buffer(data).map(split)),
        [0x1f, 0x8b, ..] => ("gzip", Ok(split(GzDecoder::new(data)))),
        _ => return vec![Ok(String::from_utf8_lossy(data).into_owned())],
    };
    let bad = |reason: String| {
        let error = BadEvent { field: "record".to_owned(), reason };
        Err((error, format!("{} bytes of {name} data", data.len())))
    };
    let (events, problem) = result.unwrap_or_else(|error| (Vec::new(), Some(error.to_string())));
    let lines = events.into_iter().map(|event| event.or_else(bad));
    lines.chain(problem.map(|problem| bad(format!("not a compressed record: {problem}")))).collect()
}

/// The events of a decompressed record. An event that is too large is only a reason. Also why the record could not be read to its
/// end.
fn split(decompressed: impl Read) -> (Vec<Result<String, String>>, Option<String>) {
    let mut reader = decompressed.take(MAX_RECORD_BYTES);
    let mut events = Vec::new();
    let problem = split_into(&mut reader, &mut events).err().map(|error| {
        if reader.limit() == 0 {
            format!("more than {MAX_RECORD_BYTES} bytes")
        } else {
            error.to_string()
        }
    });
    (events, problem)
}

fn split_into(reader: &mut impl Read, events: &mut Vec<Result<String, String>>) -> io::Result<()> {
    let mut versions = [0; 2];
    reader.read_exact(&mut versions)?;
    if versions[0] != VERSION {
        return Err(io::Error::other(format!("its version is {}, not {VERSION}", versions[0])));
    }
    while let Some(length) = next_length(reader)? {
        let mut event = reader.by_ref().take(length.into());
        if length > MAX_EVENT_BYTES {
            io::copy(&mut event, &mut io::sink())?;
            events.push(Err(format!("an event of {length} bytes, more than {MAX_EVENT_BYTES}")));
            continue;
        }
        let mut bytes = Vec::new();
        if event.read_to_end(&mut bytes)? < length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        events.push(Ok(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(())
}

/// The length of the next event, or `None` at the end.
fn next_length(reader: &mut impl Read) -> io::Result<Option<u32>> {
    let mut bytes = Vec::with_capacity(4);
    match reader.take(4).read_to_end(&mut bytes)? {
        0 => Ok(None),
        _ => match <[u8; 4]>::try_from(bytes) {
            Ok(bytes) => Ok(Some(u32::from_be_bytes(bytes))),
            Err(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn plain(version: u8, events: &[&str]) -> Vec<u8> {
        let mut plain = vec![version, 1];
        for event in events {
            plain.extend((event.len() as u32).to_be_bytes());
            plain.extend(event.as_bytes());
        }
        plain
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        zstd::encode_all(plain, 3).unwrap()
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    /// The lines of a record, and the reasons of those that have none.
    fn read(data: &[u8]) -> Vec<Result<String, String>> {
        lines(data).into_iter().map(|line| line.map_err(|(error, _)| error.to_string())).collect()
    }

    fn good(lines: &[&str]) -> Vec<Result<String, String>> {
        lines.iter().map(|line| Ok((*line).to_owned())).collect()
    }

    #[test]
    fn a_record_without_compression_is_one_line() {
        assert_eq!(read(b"a\tb"), good(&["a\tb"]));
        assert_eq!(read(b"a\xffb"), good(&["a\u{fffd}b"]));
        assert_eq!(read(b""), good(&[""]));
    }

    #[test]
    fn a_compressed_record_has_all_its_lines() {
        let events = ["a\tb", "", "caf\u{e9}\tc"];
        assert_eq!(read(&zstd(&plain(1, &events))), good(&events));
        assert_eq!(read(&gzip(&plain(1, &events))), good(&events));
        assert_eq!(read(&gzip(&plain(1, &[]))), []);
    }

    #[test]
    fn of_a_damaged_record_the_lines_before_the_damage_count() {
        let mut cut = plain(1, &["one", "two"]);
        cut.truncate(cut.len() - 1);
        for data in [zstd(&cut), gzip(&cut)] {
            let lines = read(&data);
            assert_eq!(lines[0], Ok("one".to_owned()));
            let [Err(reason)] = &lines[1..] else { panic!("{lines:?}") };
            assert!(reason.starts_with("record: not a compressed record"), "{reason}");
        }
        let whole = zstd(&plain(1, &["one"]));
        assert!(read(&whole[..whole.len() - 3]).last().unwrap().is_err());
    }

    #[test]
    fn another_version_is_refused_with_its_number() {
        for data in [zstd(&plain(2, &["one"])), gzip(&plain(2, &["one"]))] {
            let [Err(reason)] = &read(&data)[..] else { panic!("one reason") };
            assert!(reason.ends_with("its version is 2, not 1"), "{reason}");
        }
    }

    #[test]
    fn an_event_that_is_too_large_costs_only_itself() {
        let large = "x".repeat(MAX_EVENT_BYTES as usize + 1);
        let lines = read(&zstd(&plain(1, &["one", &large, "three"])));
        assert_eq!((&lines[0], &lines[2]), (&Ok("one".to_owned()), &Ok("three".to_owned())));
        assert!(lines[1].as_ref().unwrap_err().contains("10000001 bytes"), "{:?}", lines[1]);
    }

    #[test]
    fn a_small_record_that_grows_beyond_measure_is_refused() {
        let large = "x".repeat(9_000_000);
        let lines = read(&zstd(&plain(1, &[large.as_str(); 20])));
        let good = lines.iter().filter(|line| line.is_ok()).count();
        assert_eq!((good, lines.len()), (11, 12));
        let reason = lines[11].as_ref().unwrap_err();
        assert!(reason.contains("more than 100000000 bytes"), "{reason}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines_or_reasons(
            kind in 0..3_usize, data in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let starts: [&[u8]; 3] = [&[], &[0x28, 0xb5, 0x2f, 0xfd], &[0x1f, 0x8b]];
            let data = [starts[kind], &data].concat();
            prop_assert!(read(&data).iter().flat_map(Result::as_ref).all(|line| line.len() <= 3 * data.len()));
        }
    }
}
