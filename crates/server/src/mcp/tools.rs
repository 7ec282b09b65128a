use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    Tool, ToolAnnotations,
};
use rmcp::schemars::JsonSchema;
use rmcp::service::{RequestContext, RoleServer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::arguments::{Format, GetAgenticContext, GetAttributes, NoArguments};
use super::attributes::{PublishedGroups, get_attributes};
use super::contexts::{NotPublished, PublishedContexts};
use crate::clock::Clock;
use crate::context::{AgenticContext, narrative};
use crate::json::{self, Fault};
use crate::pipeline::Pipeline;
use crate::registry::Registry;

/// What the agent is told before it calls a tool.
const INSTRUCTIONS: &str = "\
These tools read live data about the visitors of a website. They change nothing.

List both families before you read: call list_attribute_groups and list_agentic_contexts first. Their descriptions say what each \
one is for.

Prefer an attribute if a calculated value answers the question: how often, how many, how much, when last. Do not count events \
yourself. Read an agentic context if the answer depends on what the visitor just did, or in which order.

You need the ids of the visitor: a session id for an agentic context, and ids by attribute key for attributes. Use only ids that you \
were given, and do not ask the visitor for them. An id that nobody has comes back empty. A null value means that the attribute was \
never calculated for that id. It does not mean zero.";

/// The tools of one server.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    server: &'static str,
    registry: Arc<Registry>,
    pipeline: Arc<Pipeline>,
    clock: Clock,
}

/// A tool that failed because of its arguments, or a bug in this server.
enum Failure {
    Arguments(Fault),
    Internal(String),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Arguments(fault)
    }
}

impl Tools {
    /// `server` is the name that clients see.
    pub(crate) fn new(
        server: &'static str,
        registry: Arc<Registry>,
        pipeline: Arc<Pipeline>,
        clock: Clock,
    ) -> Self {
        Self { server, registry, pipeline, clock }
    }

    /// Calls the tool `name`. `None` if there is no such tool.
    fn call(&self, name: &str, arguments: &Value) -> Option<Result<CallToolResult, Failure>> {
        Some(match name {
            "list_attribute_groups" => self.list_attribute_groups(arguments),
            "get_attributes" => self.get_attributes(arguments),
            "list_agentic_contexts" => self.list_agentic_contexts(arguments),
            "get_agentic_context" => self.get_agentic_context(arguments),
            _ => return None,
        })
    }

    fn list_attribute_groups(&self, arguments: &Value) -> Result<CallToolResult, Failure> {
        let NoArguments {} = read(arguments)?;
        data(&PublishedGroups::new(&self.registry.published_groups().map_err(internal)?))
    }

    fn get_attributes(&self, arguments: &Value) -> Result<CallToolResult, Failure> {
        let wanted: GetAttributes = read(arguments)?;
        let published = self.registry.published_groups().map_err(internal)?;
        let now = self.clock.now();
        data(&get_attributes(wanted, &published, |owner| self.pipeline.profile(owner, now))?)
    }

    fn list_agentic_contexts(&self, arguments: &Value) -> Result<CallToolResult, Failure> {
        let NoArguments {} = read(arguments)?;
        data(&PublishedContexts::new(&self.registry.published_event_logs()))
    }

    fn get_agentic_context(&self, arguments: &Value) -> Result<CallToolResult, Failure> {
        let wanted: GetAgenticContext = read(arguments)?;
        wanted.check()?;
        let GetAgenticContext { name, identifier, format } = wanted;
        let now = self.clock.now();
        let Some(reading) = self.pipeline.context(&name, &identifier, now) else {
            let published = self.registry.published_event_logs();
            return data(&NotPublished::new(&name, &published));
        };
        match format.unwrap_or_default() {
            Format::Json => data(&AgenticContext::new(reading, identifier, now)),
            Format::Narrative => Ok(text(narrative(&reading, now))),
        }
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new(self.server, env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(descriptions()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let result = self.call(&request.name, &arguments).ok_or_else(|| {
            let name = request.name.escape_debug();
            let names: Vec<_> = descriptions().into_iter().map(|tool| tool.name).collect();
            let message = format!("no tool is called `{name}`. There are {}", names.join(", "));
            ErrorData::invalid_params(message, None)
        })?;
        match result {
            Ok(result) => Ok(result.into()),
            // The agent sees it, and can correct itself.
            Err(Failure::Arguments(fault)) => {
                Ok(CallToolResult::error(vec![ContentBlock::text(fault.to_string())]).into())
            }
            Err(Failure::Internal(message)) => Err(ErrorData::internal_error(message, None)),
        }
    }
}

/// The tools, as agents see them.
fn descriptions() -> Vec<Tool> {
    vec![
        tool::<NoArguments>(
            "list_attribute_groups",
            "List attribute groups",
            "Lists the published attribute groups: name, version, attribute key, and each attribute with its type and description. An \
             attribute is a value that is kept calculated, such as a count. Returns definitions only, and no data about visitors.",
        ),
        tool::<GetAttributes>(
            "get_attributes",
            "Get attributes",
            "Reads calculated attribute values of one visitor, of one or more attribute groups. Null means that the attribute was never \
             calculated for that id. A group whose attribute key is not in `identifiers` comes back unread. Prefer this to an agentic \
             context if a calculated value answers the question.",
        ),
        tool::<NoArguments>(
            "list_agentic_contexts",
            "List agentic contexts",
            "Lists the published agentic contexts: name and description. An agentic context is the list of what a visitor did lately in \
             a session. Returns definitions only, and no data about visitors.",
        ),
        tool::<GetAgenticContext>(
            "get_agentic_context",
            "Get an agentic context",
            "Reads what a visitor did lately in a session, oldest event first, with the instructions that belong to the context. A session \
             without recent events comes back empty.",
        ),
    ]
}

fn tool<Arguments: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: &'static str,
) -> Tool {
    let annotations = ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    Tool::new(name, description, Map::new())
        .with_title(title)
        .with_input_schema::<Arguments>()
        .with_annotations(annotations)
}

fn read<Arguments: DeserializeOwned>(arguments: &Value) -> Result<Arguments, Fault> {
    json::from_value(arguments)
}

/// An answer as data, and as text for clients that show only text.
fn data(answer: &impl Serialize) -> Result<CallToolResult, Failure> {
    Ok(CallToolResult::structured(serde_json::to_value(answer).map_err(internal)?))
}

fn text(answer: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(answer)])
}

fn internal(error: impl ToString) -> Failure {
    Failure::Internal(error.to_string())
}
