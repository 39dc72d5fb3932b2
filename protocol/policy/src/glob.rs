//! Wildcards: `*` is any run of characters, `?` is any one character.
//!
//! Greedy from star to star, never back: the work is at most pattern times text, and linear for
//! patterns without `?`.

/// A piece of a compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glob {
    /// These characters.
    Text(String),
    /// Any one character.
    One,
    /// Any run of characters, the empty one too.
    Many,
}

/// Compiles a text in which only `*` and `?` mean something.
pub(crate) fn compile(text: &str) -> Vec<Glob> {
    let mut globs = Vec::new();
    push_wild(&mut globs, text);
    globs
}

/// Appends a text with its wildcards.
pub(crate) fn push_wild(globs: &mut Vec<Glob>, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['*', '?']) {
        let (before, after) = rest.split_at(at);
        push_text(globs, before);
        let star = after.starts_with('*');
        if !(star && globs.last() == Some(&Glob::Many)) {
            globs.push(if star { Glob::Many } else { Glob::One });
        }
        rest = after.get(1..).unwrap_or_default();
    }
    push_text(globs, rest);
}

/// Appends characters that mean themselves.
pub(crate) fn push_text(globs: &mut Vec<Glob>, text: &str) {
    if text.is_empty() {
        return;
    }
    match globs.last_mut() {
        Some(Glob::Text(last)) => last.push_str(text),
        _ => globs.push(Glob::Text(text.to_owned())),
    }
}

/// Whether the pattern takes the whole text.
pub(crate) fn takes(globs: &[Glob], text: &str) -> bool {
    let mut segments = globs.split(|glob| *glob == Glob::Many);
    let Some(mut rest) = segments.next().and_then(|first| strip(first, text)) else { return false };
    let Some(last) = segments.next_back() else { return rest.is_empty() };
    for middle in segments {
        let Some(after) = find(middle, rest) else { return false };
        rest = after;
    }
    ends(last, rest)
}

/// Whether the pattern takes every text.
pub(crate) fn takes_all(globs: &[Glob]) -> bool {
    matches!(globs, [Glob::Many])
}

/// What is left of the text after a segment at its beginning.
fn strip<'t>(segment: &[Glob], text: &'t str) -> Option<&'t str> {
    segment.iter().try_fold(text, |rest, glob| match glob {
        Glob::Text(literal) => rest.strip_prefix(literal.as_str()),
        Glob::One | Glob::Many => {
            let mut characters = rest.chars();
            characters.next().map(|_| characters.as_str())
        }
    })
}

/// What is left of the text after the first place where a segment stands.
fn find<'t>(segment: &[Glob], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(Glob::Text(literal)) = segment.first() {
            rest = rest.get(rest.find(literal.as_str())?..)?;
        }
        if let Some(after) = strip(segment, rest) {
            return Some(after);
        }
        let mut characters = rest.chars();
        characters.next()?;
        rest = characters.as_str();
    }
}

/// Whether the text ends with a segment.
fn ends(segment: &[Glob], text: &str) -> bool {
    let length = |glob: &Glob| match glob {
        Glob::Text(literal) => literal.chars().count(),
        Glob::One | Glob::Many => 1,
    };
    let Some(back) = segment.iter().map(length).sum::<usize>().checked_sub(1) else { return true };
    let Some((start, _)) = text.char_indices().rev().nth(back) else { return false };
    text.get(start..).and_then(|tail| strip(segment, tail)) == Some("")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        takes(&compile(pattern), text)
    }

    #[test]
    fn stars_and_question_marks_take_what_they_say() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "a", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*ab", "aab", true),
            ("a*a", "a", false),
            ("?", "ä", true),
            ("?", "", false),
            ("*?x?*", "axb", true),
            ("*?x?*", "xab", false),
            ("**", "anything", true),
            ("s3:Get*Acl", "s3:GetBucketAcl", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let pattern = "*a?".repeat(3_000);
        assert!(!matches(&pattern, &"a".repeat(2_000)));
    }

    /// The definition, as slow as it is plain.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| by_definition(rest, &text[skip..])),
            Some((wanted, rest)) => text.split_first().is_some_and(|(found, left)| {
                (*wanted == '?' || wanted == found) && by_definition(rest, left)
            }),
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_agrees_with_the_definition(pattern in "[abé?*]{0,10}", text in "[abé]{0,12}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), by_definition(&letters(&pattern), &letters(&text)));
        }
    }
}
