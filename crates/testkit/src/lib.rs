//! Test helpers: fake models, scripted observations, scenario runner.
#![forbid(unsafe_code)]
