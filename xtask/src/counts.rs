//! How many tests passed, read from what the test runners print.

use std::fmt;

/// Tests by their end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed, or did not end in time.
    pub(crate) failed: u64,
    /// Tests that were not run.
    pub(crate) skipped: u64,
}

impl Counts {
    /// Reads a line of output; a line that sums up nothing counts nothing.
    pub(crate) fn read(line: &str) -> Self {
        // What a failed test printed is indented, and may look like a sum itself.
        let sum = line.strip_prefix("test result:").or_else(|| {
            // nextest: `     Summary [  1.2s] 9 tests run: 8 passed (1 slow), 1 failed, 0 skipped`
            line.trim_start().strip_prefix("Summary [")?.split_once(':').map(|(_, sum)| sum)
        });
        let mut counts = Self::default();
        let mut number = None;
        for word in sum.unwrap_or_default().split(|c: char| !c.is_alphanumeric()) {
            if let Ok(digits) = word.parse() {
                number = Some(digits);
                continue;
            }
            let of = match word {
                "passed" => &mut counts.passed,
                "failed" | "timed" => &mut counts.failed,
                "skipped" | "ignored" => &mut counts.skipped,
                _ => continue,
            };
            *of += number.take().unwrap_or(0);
        }
        counts
    }

    /// Adds the counts of another line.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tests: {} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn both_runners_are_understood() {
        let nextest = "     Summary [  61.031s] 9 tests run: 5 passed (1 slow), 2 failed, 1 exec failed, 1 timed out, 3 skipped";
        assert_eq!(Counts::read(nextest), counts(5, 4, 3));
        let cargo = "test result: FAILED. 7 passed; 1 failed; 2 ignored; 0 measured; 4 filtered out; finished in 0.02s";
        assert_eq!(Counts::read(cargo), counts(7, 1, 2));
    }

    #[test]
    fn what_a_failed_test_said_of_itself_counts_nothing() {
        assert_eq!(Counts::read("    test result: FAILED. 0 passed; 1 failed"), Counts::default());
    }

    #[test]
    fn the_name_of_a_test_counts_nothing() {
        assert_eq!(Counts::read("PASS [0.1s] store 3 passed_by::failed"), Counts::default());
    }
}
