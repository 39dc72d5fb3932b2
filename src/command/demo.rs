//! `demo`: a synthetic organization on a stand-in for AWS, scanned by the very code that scans AWS.
