//! Condition operators: their names, and what each is made of.

use std::fmt;

/// How a request's several values are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetForm {
    /// `ForAllValues:`, which also holds when there is none.
    ForAllValues,
    /// `ForAnyValue:`, which needs one.
    ForAnyValue,
}

/// How one value is compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Text,
    TextIgnoreCase,
    Like,
    Number(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// Which side must be greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operator {
    /// How several values are taken, where it says so.
    pub set: Option<SetForm>,
    /// Whether it also holds when the request does not have the key.
    pub if_exists: bool,
    test: &'static Test,
}

/// A row of the table: the name, and what it means.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Test {
    name: &'static str,
    comparison: Comparison,
    negated: bool,
}

const fn holds(name: &'static str, comparison: Comparison) -> Test {
    Test { name, comparison, negated: false }
}

const fn fails(name: &'static str, comparison: Comparison) -> Test {
    Test { name, comparison, negated: true }
}

static TESTS: &[Test] = &[
    holds("StringEquals", Comparison::Text),
    fails("StringNotEquals", Comparison::Text),
    holds("StringEqualsIgnoreCase", Comparison::TextIgnoreCase),
    fails("StringNotEqualsIgnoreCase", Comparison::TextIgnoreCase),
    holds("StringLike", Comparison::Like),
    fails("StringNotLike", Comparison::Like),
    holds("NumericEquals", Comparison::Number(Order::Equal)),
    fails("NumericNotEquals", Comparison::Number(Order::Equal)),
    holds("NumericLessThan", Comparison::Number(Order::Less)),
    holds("NumericLessThanEquals", Comparison::Number(Order::LessOrEqual)),
    holds("NumericGreaterThan", Comparison::Number(Order::Greater)),
    holds("NumericGreaterThanEquals", Comparison::Number(Order::GreaterOrEqual)),
    holds("DateEquals", Comparison::Date(Order::Equal)),
    fails("DateNotEquals", Comparison::Date(Order::Equal)),
    holds("DateLessThan", Comparison::Date(Order::Less)),
    holds("DateLessThanEquals", Comparison::Date(Order::LessOrEqual)),
    holds("DateGreaterThan", Comparison::Date(Order::Greater)),
    holds("DateGreaterThanEquals", Comparison::Date(Order::GreaterOrEqual)),
    holds("Bool", Comparison::Bool),
    holds("BinaryEquals", Comparison::Binary),
    holds("IpAddress", Comparison::Ip),
    fails("NotIpAddress", Comparison::Ip),
    holds("ArnEquals", Comparison::Arn),
    holds("ArnLike", Comparison::Arn),
    fails("ArnNotEquals", Comparison::Arn),
    fails("ArnNotLike", Comparison::Arn),
    holds("Null", Comparison::Null),
];

const SET_FORMS: &[(&str, SetForm)] =
    &[("ForAllValues:", SetForm::ForAllValues), ("ForAnyValue:", SetForm::ForAnyValue)];
const IF_EXISTS: &str = "IfExists";

impl Operator {
    /// Reads an operator's name, whatever its case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let set = SET_FORMS.iter().find(|(prefix, _)| {
            name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
        });
        let rest = name.get(set.map_or(0, |(prefix, _)| prefix.len())..)?;
        let cut = rest.len().checked_sub(IF_EXISTS.len());
        let bare = cut.and_then(|cut| {
            let end = rest.get(cut..)?;
            end.eq_ignore_ascii_case(IF_EXISTS).then_some(rest.get(..cut)?)
        });
        let test =
            TESTS.iter().find(|test| test.name.eq_ignore_ascii_case(bare.unwrap_or(rest)))?;
        let operator = Self { set: set.map(|(_, form)| *form), if_exists: bare.is_some(), test };
        let plain_null = operator.set.is_none() && !operator.if_exists;
        (test.comparison != Comparison::Null || plain_null).then_some(operator)
    }

    /// Whether it holds when nothing matches: the `Not` forms.
    #[must_use]
    pub const fn is_negated(self) -> bool {
        self.test.negated
    }

    /// How it compares.
    pub(crate) const fn comparison(self) -> Comparison {
        self.test.comparison
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = SET_FORMS.iter().find(|(_, form)| Some(*form) == self.set);
        f.write_str(set.map_or("", |(prefix, _)| prefix))?;
        f.write_str(self.test.name)?;
        f.write_str(if self.if_exists { IF_EXISTS } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_reads_back_as_it_is_written() {
        for test in TESTS.iter().filter(|test| test.comparison != Comparison::Null) {
            for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
                for suffix in ["", "IfExists"] {
                    let name = format!("{prefix}{}{suffix}", test.name);
                    assert_eq!(Operator::parse(&name).unwrap().to_string(), name);
                    let loud = Operator::parse(&name.to_uppercase()).unwrap();
                    assert_eq!(loud.to_string(), name);
                }
            }
        }
        assert_eq!(Operator::parse("Null").unwrap().to_string(), "Null");
    }

    #[test]
    fn what_is_no_operator_is_none() {
        for name in
            ["", "IfExists", "NullIfExists", "ForAnyValue:Null", "ForAnyValue:", "Equals", "ä"]
        {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
