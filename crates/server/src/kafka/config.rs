use clap::Args;
use clap::builder::NonEmptyStringValueParser;

/// The flags for reading enriched events from Kafka.
#[derive(Debug, Clone, Args)]
pub struct KafkaConfig {
    /// Read enriched events from Kafka, through these brokers: HOST:PORT, separated by commas.
    #[arg(id = "kafka", long = "kafka", env = "SIGNALS_KAFKA", value_name = "BROKERS", value_parser = NonEmptyStringValueParser::new())]
    pub brokers: Option<String>,

    /// With --kafka: the topic of enriched events.
    #[arg(long = "kafka-topic", env = "SIGNALS_KAFKA_TOPIC", value_name = "TOPIC", default_value = "enriched-good", requires = "kafka", value_parser = NonEmptyStringValueParser::new())]
    pub topic: String,

    /// With --kafka: the consumer group that the server commits its offsets to.
    #[arg(long = "kafka-group", env = "SIGNALS_KAFKA_GROUP", value_name = "GROUP", default_value = "signals", requires = "kafka", value_parser = NonEmptyStringValueParser::new())]
    pub group: String,

    /// With --kafka: a setting of librdkafka, such as auto.offset.reset=latest. Repeat it for several settings (in the environment,
    /// write one on each line).
    #[arg(long = "kafka-option", env = "SIGNALS_KAFKA_OPTIONS", value_name = "KEY=VALUE", value_delimiter = '\n', requires = "kafka", hide_env_values = true, value_parser = key_and_value)]
    pub options: Vec<(String, String)>,
}

#[cfg(feature = "kafka")]
impl KafkaConfig {
    /// The settings that also apply to a producer: those of the connection.
    pub(crate) fn shared_options(&self) -> impl Iterator<Item = (&str, &str)> {
        let prefixes =
            ["sasl.", "ssl.", "security.", "socket.", "broker.", "client.", "enable.ssl."];
        let options = self.options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        options.filter(move |(key, _)| prefixes.iter().any(|prefix| key.starts_with(prefix)))
    }
}

fn key_and_value(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("must be KEY=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        config: KafkaConfig,
    }

    fn config(arguments: &[&str]) -> Result<KafkaConfig, String> {
        let cli = Cli::try_parse_from(["server"].iter().chain(arguments));
        cli.map(|cli| cli.config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_broker_is_enough_to_read_what_enrich_writes() {
        let config = config(&["--kafka", "a:9092,b:9092"]).unwrap();
        assert_eq!(config.brokers.as_deref(), Some("a:9092,b:9092"));
        assert_eq!((config.topic.as_str(), config.group.as_str()), ("enriched-good", "signals"));
    }

    #[test]
    fn the_other_flags_need_a_broker() {
        for flag in [["--kafka-topic", "t"], ["--kafka-group", "g"], ["--kafka-option", "a=b"]] {
            let refusal = config(&flag).unwrap_err();
            assert!(refusal.contains("--kafka <BROKERS>"), "{refusal}");
        }
        config(&[]).unwrap();
    }

    #[test]
    fn a_setting_is_a_key_and_a_value() {
        let options = ["--kafka", "a:9092", "--kafka-option", "sasl.password=a=b,c\nclient.id = x"];
        let owned = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            config(&options).unwrap().options,
            [owned("sasl.password", "a=b,c"), owned("client.id", "x")]
        );
        let refusal = config(&["--kafka", "a:9092", "--kafka-option", "latest"]).unwrap_err();
        assert!(refusal.contains("must be KEY=VALUE"), "{refusal}");
    }
}
