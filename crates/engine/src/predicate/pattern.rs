use regex::{Regex, RegexBuilder};

/// How many bytes a compiled pattern may take. Anyone who may publish can add patterns, and they are kept.
const SIZE_LIMIT: usize = 256 * 1024;

/// A pattern for strings. Matching takes linear time for every pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// SQL's `like`: `%` stands for any number of characters, `_` for exactly one, and the whole string must match.
    pub(crate) fn like(pattern: &str) -> Result<Self, String> {
        // Unlike in regular expressions, any character includes a line break.
        let mut expression = String::from("(?s)^");
        for character in pattern.chars() {
            match character {
                '%' => expression.push_str(".*"),
                '_' => expression.push('.'),
                literal => expression.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4]))),
            }
        }
        expression.push('$');
        Self::compile(&expression)
    }

    /// `rlike`: a regular expression that can match anywhere in the string.
    pub(crate) fn regular_expression(pattern: &str) -> Result<Self, String> {
        Self::compile(pattern)
    }

    fn compile(expression: &str) -> Result<Self, String> {
        RegexBuilder::new(expression)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(SIZE_LIMIT)
            .build()
            .map(Self)
            .map_err(|error| error.to_string())
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}
