use std::borrow::Cow;

use serde_json::Value;
use signals_wire::ids::follow;

/// A path in JSON: `a.b[0]`, with or without a leading `$.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    steps: Vec<Step>,
    /// The steps in the form of a JSON Pointer.
    names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl Path {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // Field names can begin with `$` too, such as `$schema`.
        let is_root = |rest: &&str| rest.is_empty() || rest.starts_with(['.', '[']);
        let after_root = text.strip_prefix('$').filter(is_root).unwrap_or(text);
        let mut rest = after_root.strip_prefix('.').unwrap_or(after_root);
        if rest.is_empty() {
            return Err("empty path".to_owned());
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            rest = match rest.strip_prefix('[') {
                Some(bracketed) => {
                    let (index, rest) = bracketed
                        .split_once(']')
                        .ok_or_else(|| format!("`[` without `]` in `{text}`"))?;
                    let index = index.parse().map_err(|_| {
                        format!("`[{index}]` in `{text}` is not a position such as `[0]`")
                    })?;
                    steps.push(Step::Index(index));
                    rest
                }
                None => {
                    let end = rest.find(['.', '[']).unwrap_or(rest.len());
                    let (field, rest) = rest.split_at(end);
                    if field.is_empty() {
                        return Err(format!("empty step in `{text}`"));
                    }
                    steps.push(Step::Field(field.to_owned()));
                    rest
                }
            };
            if let Some(next) = rest.strip_prefix('.') {
                if next.is_empty() || next.starts_with(['.', '[']) {
                    return Err(format!("empty step in `{text}`"));
                }
                rest = next;
            }
        }
        let names = steps.iter().map(|step| match step {
            Step::Field(name) => name.clone(),
            Step::Index(index) => index.to_string(),
        });
        Ok(Self { names: names.collect(), steps })
    }

    /// The last name in the path. If it has only positions, the last position.
    pub(crate) fn last_name(&self) -> Option<&str> {
        let mut fields = self.steps.iter().rev().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Index(_) => None,
        });
        fields.next().or_else(|| self.names.last().map(String::as_str))
    }

    /// The text at the path, found like a JSON Pointer in the plugin: a list of one element stands for its element.
    pub(crate) fn find_text<'a>(&self, data: &'a Value) -> Option<Cow<'a, str>> {
        follow(data, &self.names)
    }

    /// The value at the path, or `None` if a step is missing.
    pub(crate) fn walk<'a>(&self, data: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(data, |value, step| match step {
            Step::Field(name) => value.get(name.as_str()),
            Step::Index(index) => value.get(*index),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let data = json!({"a": {"b": [{"c-d": 7}, 8]}, "$x": 9, "list": [[1, 2]]});
        for (path, expected) in [
            ("a.b[0].c-d", json!(7)),
            ("$.a.b[1]", json!(8)),
            ("a.b", json!([{"c-d": 7}, 8])),
            ("$.list[0][1]", json!(2)),
            ("$x", json!(9)),
            ("$.$x", json!(9)),
        ] {
            assert_eq!(Path::parse(path).unwrap().walk(&data), Some(&expected), "{path}");
        }
        assert_eq!(Path::parse("$[1]").unwrap().walk(&json!([0, 8])), Some(&json!(8)));
    }

    #[test]
    fn a_missing_step_leads_nowhere() {
        let data = json!({"a": [1], "n": null});
        for path in ["b", "a[1]", "a.b", "a[0].c", "n.x"] {
            assert_eq!(Path::parse(path).unwrap().walk(&data), None, "{path}");
        }
    }

    #[test]
    fn a_malformed_path_is_refused() {
        for path in ["", "$", "$.", "a..b", "a.", "a[", "a[x]", "a[-1]", "a['b']", "a.[0]"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }
}
