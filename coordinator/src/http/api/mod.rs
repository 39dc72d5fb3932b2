//! What is said over HTTP: the bodies of requests and answers, shared with the command that asks.

mod ask;
mod rest;
mod scan;
mod schema;

pub use ask::{NewScan, Pace, Requeue, Select, Tag};
pub use rest::{
    Connections, Health, NewSchedule, NewSession, NewToken, NewTokenMade, ParkedList,
    ParkedMessage, PausedAccounts, Ready, Refusal, Report, Reports, Schedule, Schedules, Session,
    Share, ShareOf, Shares, Token, Tokens, Why,
};
pub use scan::{Missing, Moment, Requeued, ScanRow, ScanView, Scans, Stage};
