use signals_engine::Position;

/// How many characters are shown before and after the place: a file can be one long line.
const AROUND: usize = 60;

/// The line of `text` at `place`, with a mark under it.
pub(super) fn excerpt(text: &str, place: Position) -> String {
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    let at = line.floor_char_boundary(place.column.saturating_sub(1));
    let (before, after) = line.split_at(at);
    let skipped = before.chars().count().saturating_sub(AROUND);
    let before: String = before.chars().skip(skipped).collect();
    let shown_after: String = after.chars().take(AROUND).collect();
    let cut_before = if skipped > 0 { "…" } else { "" };
    let cut_after = if shown_after.len() < after.len() { "…" } else { "" };

    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    // Tabs stay tabs, so that the mark is under its place.
    let indent: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let indent = " ".repeat(cut_before.chars().count()) + &indent;
    format!(
        "{margin} |\n{number} | {cut_before}{before}{shown_after}{cut_after}\n{margin} | {indent}^"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, line: usize, column: usize) -> String {
        excerpt(text, Position { line, column })
    }

    #[test]
    fn the_mark_is_under_the_place() {
        assert_eq!(at("{\n  \"a\": oops\n}", 2, 8), "  |\n2 |   \"a\": oops\n  |        ^");
    }

    #[test]
    fn tabs_and_wide_letters_do_not_move_the_mark() {
        assert_eq!(at("\t\"é\": oops", 1, 8), "  |\n1 | \t\"é\": oops\n  | \t     ^");
    }

    #[test]
    fn only_the_surroundings_of_a_long_line_are_shown() {
        let text = format!("{}!{}", "a".repeat(1_000), "b".repeat(1_000));
        let (before, after) = ("a".repeat(60), "b".repeat(59));
        let indent = " ".repeat(61);
        assert_eq!(at(&text, 1, 1_001), format!("  |\n1 | …{before}!{after}…\n  | {indent}^"));
    }

    #[test]
    fn a_place_after_the_end_is_the_end() {
        assert_eq!(at("{", 1, 9), "  |\n1 | {\n  |  ^");
        assert_eq!(at("", 1, 0), "  |\n1 | \n  | ^");
    }
}
