//! Secrets are compared in constant time (ASVS 5.0 11.2.4): by the types that hold them, and
//! nowhere else.

use crate::tidy::Finding;
use crate::tidy::blocks;
use crate::tidy::tree::TextFile;

/// Reports comparisons of secrets, and types of secrets that compare themselves byte by byte.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    if !file.is_rust() || !file.path.starts_with("crates/") {
        return Vec::new();
    }
    let code = blocks::code_outside_tests(file);
    let mut findings = operators(file, &code);
    findings.extend(derives(file, &code));
    findings.extend(implementations(file, &code));
    findings
}

/// Operators between the bytes or the text of secrets.
fn operators(file: &TextFile, code: &[(usize, &str)]) -> Vec<Finding> {
    let mut before = "";
    let mut findings = Vec::new();
    for (number, line) in code {
        let start = line.trim_start();
        // rustfmt breaks a long comparison before its operator.
        let goes_on = start.starts_with("== ") || start.starts_with("!= ");
        let is_secret = |text: &str| SECRET_WORDS.iter().any(|word| text.contains(word));
        let compares = goes_on || line.contains(" == ") || line.contains(" != ");
        if compares && (is_secret(line) || (goes_on && is_secret(before))) {
            let message = "secrets are compared with `ct_eq`, inside of their own type";
            findings.push(Finding::error(&file.path, *number, message));
        }
        before = line;
    }
    findings
}

/// Comparisons, hashes and orders that are derived for a type of secrets.
fn derives(file: &TextFile, code: &[(usize, &str)]) -> Vec<Finding> {
    let mut derived: Option<(usize, String)> = None;
    let mut findings = Vec::new();
    for (number, line) in code {
        if line.trim_start().starts_with("#[derive(") {
            derived = Some((*number, String::new()));
        }
        let Some((place, traits)) = &mut derived else {
            continue;
        };
        match type_name(line) {
            None => traits.push_str(line),
            Some(name) => {
                let forbidden = DERIVES
                    .iter()
                    .find(|found| SECRET_TYPES.contains(&name) && has_word(traits, found));
                if let Some(found) = forbidden {
                    let message = format!("`{name}` is a secret and may not derive `{found}`");
                    findings.push(Finding::error(&file.path, *place, message));
                }
                derived = None;
            }
        }
    }
    findings
}

/// Hand-written comparisons of a type of secrets that do not take constant time.
fn implementations(file: &TextFile, code: &[(usize, &str)]) -> Vec<Finding> {
    let heads = code
        .iter()
        .enumerate()
        .filter_map(|(index, (number, line))| {
            let name = line.strip_prefix("impl PartialEq for ")?;
            let name = name.trim_end_matches([' ', '{']);
            SECRET_TYPES
                .contains(&name)
                .then_some((index, *number, name))
        });
    heads
        .filter(|(index, _, _)| {
            let body = code.iter().skip(*index);
            let mut body = body.take_while(|(_, line)| *line != "}");
            !body.any(|(_, line)| line.contains(".ct_eq("))
        })
        .map(|(_, number, name)| {
            let message = format!("`{name}` is a secret: compare it with `ct_eq`");
            Finding::error(&file.path, number, message)
        })
        .collect()
}

/// The name of the type that a line defines.
fn type_name(line: &str) -> Option<&str> {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find(|word| ["enum", "struct"].contains(word))?;
    words.next()
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|found| found == word)
}

/// The types that hold a secret, or what is kept in its place.
const SECRET_TYPES: &[&str] = &["ChainKey", "ExposedToken", "SessionToken", "TokenDigest"];

/// What gives the bytes or the text of a secret away.
const SECRET_WORDS: &[&str] = &[
    ".secret",
    "chain_key",
    "expose_secret",
    "digest.to_bytes()",
    "digest().to_bytes()",
];

/// What compares byte by byte, or makes a secret a key of something that does.
const DERIVES: &[&str] = &["Hash", "Ord", "PartialEq", "PartialOrd"];

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&TextFile::new("crates/hallpass-core/src/token.rs", text))
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    const NOTHING: [usize; 0] = [];

    /// SES-31: no `==` on secrets.
    #[test]
    fn an_operator_between_secrets_is_reported() {
        assert_eq!(lines("    if self.secret == other.secret {"), [1]);
        assert_eq!(lines("self.chain_key\n    != other.chain_key"), [2]);
        assert_eq!(lines("a.expose_secret().as_str() == text"), [1]);
        assert_eq!(lines("self.generation == other.generation"), NOTHING);
        assert_eq!(
            lines("// self.secret == x\n#[cfg(test)]\nmod tests {\n    a.secret == b\n}"),
            NOTHING
        );
    }

    /// SES-31: nor by way of a derive.
    #[test]
    fn a_derived_comparison_of_a_secret_is_reported() {
        assert_eq!(
            lines("#[derive(Clone, PartialEq)]\npub struct SessionToken {"),
            [1]
        );
        assert_eq!(
            lines("#[derive(\n    Clone, Hash,\n)]\nstruct ChainKey([u8; 32]);"),
            [1]
        );
        assert_eq!(
            lines("#[derive(Clone)]\npub struct TokenDigest([u8; 32]);"),
            NOTHING
        );
        assert_eq!(lines("#[derive(PartialEq)]\npub struct Windows {"), NOTHING);
    }

    /// SES-31: a comparison by hand takes constant time.
    #[test]
    fn a_comparison_by_hand_that_stops_early_is_reported() {
        let with = |body: &str| format!("impl PartialEq for TokenDigest {{\n    {body}\n}}");

        assert_eq!(lines(&with("self.0 == other.0")), [1]);
        assert_eq!(lines(&with("self.0.ct_eq(&other.0).into()")), NOTHING);
    }
}
