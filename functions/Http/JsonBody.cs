using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.OpenApi;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>A JSON body that a route takes: how it is read, and what the API's document says of it.</summary>
/// <typeparam name="T">Its type: a record of contracts/, or <see cref="JsonElement"/> for the options of a job.</typeparam>
/// <param name="expected">What it should be, for messages, as <c>{model_description:string}</c>.</param>
internal sealed class JsonBody<T>(string expected) : IRequestBody
{
    private const string OptionsMember = "options";

    private readonly string[] _members = typeof(T) == typeof(JsonElement) ? [] : [.. Json.Options.GetTypeInfo(typeof(T)).Properties.Select(property => property.Name)];

    /// <summary>What it should be, for messages.</summary>
    public string Expected => expected;

    /// <inheritdoc />
    public bool IsRequired { get; init; } = true;

    /// <summary>The options that may stand in it: as its member <c>options</c>, or of a <see cref="JsonElement"/> as the whole body.</summary>
    public IReadOnlyList<JobOptions> Options { get; init; } = [];

    /// <summary>Reads the body of a request.</summary>
    /// <inheritdoc cref="Json.ReadAsync"/>
    public Task<T> ReadAsync(HttpRequest request, CancellationToken cancellationToken) => Json.ReadAsync<T>(request, expected, cancellationToken);

    /// <summary>Reads it as an object, of which the caller looks at the members itself; other members than the type's are refused.</summary>
    /// <inheritdoc cref="Json.ReadObjectAsync"/>
    public Task<JsonElement> ReadObjectAsync(HttpRequest request, CancellationToken cancellationToken) => Json.ReadObjectAsync(request, expected, _members, cancellationToken);

    /// <summary>The same for a body that may be left out; null for none.</summary>
    /// <inheritdoc cref="Json.FindObjectAsync"/>
    public Task<JsonElement?> FindObjectAsync(HttpRequest request, CancellationToken cancellationToken) => Json.FindObjectAsync(request, expected, _members, cancellationToken);

    /// <summary>Reads an object of <see cref="ReadObjectAsync"/> as the type.</summary>
    public T Deserialize(JsonElement json) => Json.Deserialize<T>(json, expected);

    /// <inheritdoc />
    public IEnumerable<(string MediaType, JsonNode Schema)> Describe(ApiSchemas schemas)
    {
        var options = Options.Count == 0 ? null : ApiSchemas.AnyOf(Options.Select(one => schemas.Named(one.Name, one.Schema)));
        yield return ("application/json", typeof(T) == typeof(JsonElement) && options is not null
            ? options
            : schemas.OfRequest(typeof(T), options is null ? null : (OptionsMember, options)));
    }
}

/// <summary>JSON bodies that may be left out.</summary>
internal static class OptionalJsonBodies
{
    /// <summary>Reads the body of a request; of an empty one, the type's default value.</summary>
    /// <inheritdoc cref="Json.ReadOrDefaultAsync"/>
    public static Task<T> ReadOrDefaultAsync<T>(this JsonBody<T> body, HttpRequest request, CancellationToken cancellationToken)
        where T : new() => Json.ReadOrDefaultAsync<T>(request, body.Expected, cancellationToken);
}
