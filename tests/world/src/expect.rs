//! Compares answers with what a story expects.

use serde_json::Value;

/// Compares an answer with the expected one. The members of an expected object must be in the answer, which
/// may have more. Lists must have the same length. `null` also matches a missing member. A text that begins
/// with `$` stands for the id that `name` returns for the rest of the text.
///
/// Returns the first difference, if any.
pub(crate) fn compare(
    expected: &Value,
    answer: &Value,
    name: &dyn Fn(&str) -> Option<String>,
) -> Result<(), String> {
    at("the answer", expected, answer, name)
}

fn at(
    place: &str,
    expected: &Value,
    answer: &Value,
    name: &dyn Fn(&str) -> Option<String>,
) -> Result<(), String> {
    match (expected, answer) {
        (Value::Object(members), Value::Object(given)) => {
            members.iter().try_for_each(|(member, expected)| {
                let given = given.get(member).unwrap_or(&Value::Null);
                at(&format!("{place}'s {member}"), expected, given, name)
            })
        }
        (Value::Array(items), Value::Array(given)) if items.len() == given.len() => {
            items.iter().zip(given).enumerate().try_for_each(|(index, (expected, given))| {
                at(&format!("{place}[{index}]"), expected, given, name)
            })
        }
        (Value::String(text), _) if text.starts_with('$') => {
            let named = text.trim_start_matches('$');
            let id = name(named).ok_or_else(|| format!("nothing is called {named:?}"))?;
            if *answer == Value::String(id.clone()) {
                Ok(())
            } else {
                Err(format!("{place} is {answer}, not {text} ({id})"))
            }
        }
        _ if expected == answer => Ok(()),
        _ => Err(format!("{place} is {answer}, not {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_may_have_more_members_but_no_other_values() {
        let name = |named: &str| (named == "ada").then(|| "id-1".to_owned());
        let answer = json!({"step": "SignedIn", "account": "id-1", "amr": ["pwd"], "n": 3, "none": null});
        for expected in [
            json!({}),
            json!({"step": "SignedIn"}),
            json!({"account": "$ada", "amr": ["pwd"], "n": 3}),
            json!({"missing": null, "none": null}),
        ] {
            assert_eq!(compare(&expected, &answer, &name), Ok(()), "{expected}");
        }
        for (expected, why) in [
            (json!({"step": "Ended"}), "the answer's step is \"SignedIn\", not \"Ended\""),
            (json!({"amr": []}), "the answer's amr is [\"pwd\"], not []"),
            (json!({"n": "3"}), "the answer's n is 3, not \"3\""),
            (json!({"missing": 1}), "the answer's missing is null, not 1"),
            (json!({"step": "$ada"}), "the answer's step is \"SignedIn\", not $ada (id-1)"),
            (json!({"account": "$bob"}), "nothing is called \"bob\""),
        ] {
            assert_eq!(compare(&expected, &answer, &name), Err(why.to_owned()));
        }
    }
}
