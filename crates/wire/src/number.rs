//! Numbers in JavaScript's form.

/// The text of `String(number)` in JavaScript, so that numeric ids are the same at both ends. Empty for infinity and NaN.
///
/// The plugin uses the browser's function instead.
///
/// ```
/// use signals_wire::number::number_text;
/// assert_eq!(number_text(9_007_199_254_740_993_i64 as f64), "9007199254740992");
/// assert_eq!(number_text(7.0), "7");
/// assert_eq!(number_text(1e21), "1e+21");
/// assert_eq!(number_text(1.5e-7), "1.5e-7");
/// ```
pub fn number_text(number: f64) -> String {
    if !number.is_finite() {
        return String::new();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    // Rust finds the same shortest digits, but places the decimal point differently.
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let sign = if number < 0.0 { "-" } else { "" };
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    sign.to_owned() + &with_point(&digits, point)
}

/// The digits with the decimal point after `point` of them, in JavaScript's form.
fn with_point(digits: &str, point: i32) -> String {
    let length = digits.len() as i32;
    match point {
        1..=21 if point >= length => format!("{digits}{}", "0".repeat((point - length) as usize)),
        1..=21 => {
            let (whole, fraction) = digits.split_at(point as usize);
            format!("{whole}.{fraction}")
        }
        -5..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let sign = if point > 0 { "+" } else { "-" };
            format!("{first}{dot}{rest}e{sign}{}", (point - 1).abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_javascript() {
        for (number, expected) in [
            (-0.0, "0"),
            (-12.5, "-12.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e20, "100000000000000000000"),
            (1.25e21, "1.25e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, ""),
        ] {
            assert_eq!(number_text(number), expected);
        }
    }
}
