//! `graph`: the organization as a graph, for `cypher-shell`, for a bulk import, or straight into Neo4j.

#[cfg(feature = "fleet")]
mod bolt;

use reports::ReportError;
use reports::graph::Graph;
use store::Access;

use crate::args::{self, GraphFormat};
use crate::command::find;
use crate::command::report::deliver;
use crate::command::scan::options;
use crate::output::print_text;
use crate::stop::{Exit, Stop};

/// Writes the graph of a stored scan.
pub(crate) async fn graph(args: args::Graph) -> Result<Exit, Stop> {
    if args.neo4j.neo4j.is_none() && args.format == GraphFormat::Csv && args.out.is_none() {
        return Err(Stop::usage("csv is a set of files: name their folder with --out"));
    }
    #[cfg(not(feature = "fleet"))]
    if args.neo4j.neo4j.is_some() {
        return Err(Stop::usage(format!("--neo4j: {}", crate::ONE_MACHINE)));
    }
    let store = store::connect(&args.store.store, Access::Read).await?;
    let scan = find(&*store, &args.scan).await?;
    let options = options(&args.store.store, args.redact)?;
    let tag = args.update_tag.unwrap_or_else(|| options.now.timestamp());
    let graph = Graph::load(&*store, &scan.id, &options, tag).await.map_err(Stop::failed)?;
    #[cfg(feature = "fleet")]
    if let Some(url) = &args.neo4j.neo4j {
        let done = bolt::write(&args.neo4j, url, &graph.statements()).await?;
        say(&graph);
        let (nodes, edges) = (graph.nodes(), graph.relationships());
        print_text(&format!(
            "{nodes} nodes and {edges} relationships of scan {} in {done} transactions, update tag {tag}\n",
            scan.id
        ))?;
        return Ok(Exit::Known);
    }
    say(&graph);
    match (args.format, &args.out) {
        (GraphFormat::Csv, Some(dir)) => {
            for file in graph.write_csv(dir).map_err(unwritten)? {
                print_text(&format!("{}\n", file.display()))?;
            }
        }
        (_, out) => deliver(out.as_deref(), async |out| graph.write_cypher(out)).await?,
    }
    Ok(Exit::Known)
}

fn unwritten(error: ReportError) -> Stop {
    match error {
        ReportError::File { .. } => Stop::usage(error),
        other => Stop::failed(other),
    }
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn say(graph: &Graph) {
    for note in graph.notes() {
        eprintln!("orgsweep: {note}");
    }
}
