//! The names that others give to assurance.

use super::AssuranceLevel;

/// Which `acr` text stands for which assurance (RFC 9470, OpenID Connect Core 1.0, 2).
///
/// The texts are a matter between the parties; their order is not. A text that is not listed stands
/// for the lowest level, never for the one that it happens to resemble (SU-08).
///
/// # Example: two names of one identity provider
///
/// ```
/// use hallpass_core::{AcrMap, AssuranceLevel};
///
/// let acr = AcrMap::new([
///     ("urn:example:silver", AssuranceLevel::Aal1),
///     ("urn:example:gold", AssuranceLevel::Aal2),
/// ]);
/// assert_eq!(acr.level_of("urn:example:gold"), AssuranceLevel::Aal2);
/// assert_eq!(acr.level_of("urn:example:platinum"), AssuranceLevel::Aal1);
/// assert!(acr.values_for(AssuranceLevel::Aal2).eq(["urn:example:gold"]));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AcrMap(Vec<(String, AssuranceLevel)>);

impl AcrMap {
    /// Takes the texts in the order of preference: the one that a client should ask for first comes
    /// first. Of two entries with the same text the first counts.
    #[must_use]
    pub fn new<T: Into<String>>(values: impl IntoIterator<Item = (T, AssuranceLevel)>) -> Self {
        let values = values.into_iter();
        Self(values.map(|(text, level)| (text.into(), level)).collect())
    }

    /// Returns the assurance that a text stands for; the lowest for one that is not listed.
    #[must_use]
    pub fn level_of(&self, acr: &str) -> AssuranceLevel {
        let listed = self.0.iter().find(|(text, _)| text == acr);
        listed.map_or(AssuranceLevel::Aal1, |(_, level)| *level)
    }

    /// Returns the texts that satisfy a level, in the order of preference, for the `acr_values` of a
    /// challenge.
    pub fn values_for(&self, level: AssuranceLevel) -> impl Iterator<Item = &str> {
        let enough = self.0.iter().filter(move |(_, stands)| *stands >= level);
        enough.map(|(text, _)| text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> AcrMap {
        AcrMap::new([
            ("phr", AssuranceLevel::Aal3),
            ("mfa", AssuranceLevel::Aal2),
            ("pwd", AssuranceLevel::Aal1),
            ("mfa", AssuranceLevel::Aal3),
        ])
    }

    /// SU-08: the order is that of the map, and what is not in it is the lowest.
    #[test]
    fn an_acr_that_nobody_listed_is_the_lowest() {
        let levels = ["phr", "mfa", "pwd", "MFA", "", "aal3"].map(|acr| map().level_of(acr));
        assert_eq!(
            levels,
            [
                AssuranceLevel::Aal3,
                AssuranceLevel::Aal2,
                AssuranceLevel::Aal1,
                AssuranceLevel::Aal1,
                AssuranceLevel::Aal1,
                AssuranceLevel::Aal1,
            ]
        );
    }

    #[test]
    fn a_challenge_names_what_suffices_in_the_order_of_preference() {
        let map = map();
        let values: Vec<_> = map.values_for(AssuranceLevel::Aal2).collect();
        assert_eq!(values, ["phr", "mfa", "mfa"]);
        let distinct = AcrMap::new([("a", AssuranceLevel::Aal2), ("b", AssuranceLevel::Aal3)]);
        let values: Vec<_> = distinct.values_for(AssuranceLevel::Aal3).collect();
        assert_eq!(values, ["b"]);
        assert_eq!(
            AcrMap::default().values_for(AssuranceLevel::Aal1).count(),
            0
        );
    }
}
