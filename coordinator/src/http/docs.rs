//! The document of the interface: what the routes say of themselves, as OpenAPI and as a plain page.

use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, OpenApi, OpenApiBuilder};

use super::problem;

/// How the page looks.
pub(super) const STYLE: &str = include_str!("docs.css");

const ABOUT: &str = "Scans of a whole cloud organization: started, watched, re-queued, reported. Every request brings a token \
that `orgsweep token create` made; it says which workspace is open and how much may be done there: `read`, `operate`, `admin`. \
A refusal is `{\"error\": {\"code\", \"message\", \"field\"}}`.";

/// What the document begins with.
pub(super) fn head() -> OpenApi {
    let mut info = Info::new("orgsweep", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    OpenApiBuilder::new().info(info).build()
}

/// Adds what no route says of itself.
pub(super) fn finish(mut told: OpenApi) -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("osw_<id>_<secret>")
        .build();
    let about = "Set by POST /session; its name begins with `__Host-` where TLS is spoken";
    let cookie =
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("orgsweep", about)));
    let components = told.components.take().unwrap_or_default();
    let mut components = ComponentsBuilder::from(components)
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("cookie", cookie);
    for (name, schema) in problem::schemas() {
        components = components.schema(name, schema);
    }
    told.components = Some(components.build());
    told
}

/// The document as it is served.
pub(super) fn json(told: &OpenApi) -> String {
    // It is made of texts; what could not be written would be empty, which the snapshot shows.
    told.to_pretty_json().unwrap_or_default()
}

/// The page: the same for people.
pub(super) fn page(told: &OpenApi) -> String {
    let told = serde_json::to_value(told).unwrap_or_default();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>orgsweep {version}: interface</title>\n\
        <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/docs.css\"></head>\n<body>\n\
        <h1>orgsweep {version}</h1>\n<p>{about}</p>\n<p>The same for programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n",
        version = escaped(text(&told["info"]["version"])),
        about = prose(text(&told["info"]["description"])),
    );
    for (path, operations) in fields(&told["paths"]) {
        for (method, operation) in fields(operations) {
            operation_of(&mut page, path, method, operation);
        }
    }
    page.push_str("<h2 id=\"schemas\">Bodies</h2>\n");
    for (name, schema) in fields(&told["components"]["schemas"]) {
        schema_of(&mut page, name, schema);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn operation_of(page: &mut String, path: &str, method: &str, operation: &Value) {
    let scopes = operation["security"][0]["bearer"].as_array();
    let scope = scopes.and_then(|scopes| scopes.first()).map_or("no token", text);
    let mut lines = String::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        lines.push_str(&format!(
            "<dt><code>{}</code> <small>{}</small></dt><dd>{}</dd>\n",
            escaped(text(&parameter["name"])),
            escaped(text(&parameter["in"])),
            prose(text(&parameter["description"])),
        ));
    }
    if let Some((_, content)) = fields(&operation["requestBody"]["content"]).next() {
        lines.push_str(&format!("<dt>body</dt><dd>{}</dd>\n", kind(&content["schema"])));
    }
    for (status, response) in fields(&operation["responses"]) {
        if status.starts_with('2') {
            let body = fields(&response["content"]).next();
            let body = body.map_or(String::new(), |(_, content)| kind(&content["schema"]));
            let about = prose(text(&response["description"]));
            lines.push_str(&format!("<dt>{}</dt><dd>{about} {body}</dd>\n", escaped(status)));
        }
    }
    page.push_str(&format!(
        "<section>\n<h3><b>{}</b> <code>{}</code> <small>{}</small></h3>\n<p>{}. {}</p>\n<dl>\n{lines}</dl>\n</section>\n",
        escaped(&method.to_uppercase()),
        escaped(path),
        escaped(scope),
        prose(text(&operation["summary"])),
        prose(text(&operation["description"])),
    ));
}

fn schema_of(page: &mut String, name: &str, schema: &Value) {
    let mut lines = String::new();
    let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    for part in parts {
        if part.get("$ref").is_some() {
            lines.push_str(&format!("<dt>all of</dt><dd>{}</dd>\n", kind(part)));
        }
        for (field, of) in fields(&part["properties"]) {
            let about = prose(text(&of["description"]));
            lines.push_str(&format!(
                "<dt><code>{}</code></dt><dd>{} {about}</dd>\n",
                escaped(field),
                kind(of)
            ));
        }
    }
    page.push_str(&format!(
        "<section id=\"{name}\">\n<h3><code>{name}</code></h3>\n<p>{}</p>\n<dl>\n{lines}</dl>\n</section>\n",
        prose(text(&schema["description"])),
        name = escaped(name),
    ));
}

/// What a schema allows, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escaped(name));
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().map(text).collect();
        return format!("<i>{}</i>", escaped(&words.join(" | ")));
    }
    for choice in ["oneOf", "allOf"] {
        if let Some(some) = schema[choice].as_array() {
            let some: Vec<String> = some.iter().map(kind).filter(|kind| !kind.is_empty()).collect();
            return some.join(" or ");
        }
    }
    if schema["items"].is_object() {
        return format!("list of {}", kind(&schema["items"]));
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one).to_owned(),
    };
    if types.is_empty() { types } else { format!("<i>{}</i>", escaped(&types)) }
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A text with its `code` as such.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if at % 2 == 1 {
            out.push_str(&format!("<code>{part}</code>"));
        } else {
            out.push_str(&part);
        }
    }
    out
}
