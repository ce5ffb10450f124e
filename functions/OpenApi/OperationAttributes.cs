namespace Larder.Functions.OpenApi;

/// <summary>
/// The query parameters that a function takes (<see cref="Parameter.Query"/>); <see cref="QueryMiddleware"/> refuses others. A function without it takes what its protocol says, and its query is not checked.
/// </summary>
/// <param name="names">Their names; none for a function that takes no parameter.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class QueryAttribute(params string[] names) : Attribute
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names => names;
}

/// <summary>The bodies that a function takes. A function for POST, PUT or PATCH has it also if it takes none.</summary>
/// <param name="bodies">Names of static members of the function's class, each an <see cref="IRequestBody"/>: what reads the body is what describes it.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TakesAttribute(params string[] bodies) : Attribute
{
    /// <summary>The names of the members.</summary>
    public IReadOnlyList<string> Bodies => bodies;

    /// <summary>The class that has them; null for the function's own.</summary>
    public Type? Of { get; init; }
}

/// <summary>The request headers that a function reads (<see cref="Parameter.Headers"/>), beside those of files and conditions, which follow from the answer.</summary>
/// <param name="names">Their names.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TakesHeadersAttribute(params string[] names) : Attribute
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names => names;
}

/// <summary>An answer of a function. Errors need none, but for one that is all that a function answers. A function with several has the attribute several times.</summary>
/// <param name="type">The type whose JSON it is; null for an answer that is not JSON, or has no body.</param>
/// <param name="status">The HTTP status.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class AnswersAttribute(Type? type = null, int status = 200) : Attribute
{
    /// <summary>The type.</summary>
    public Type? Type => type;

    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>Its media type; null for JSON where there is a type, and for no body where there is none.</summary>
    public string? MediaType { get; init; }

    /// <summary>Whether it is a file (<see cref="Http.FileAnswer"/>), of which ranges can be requested.</summary>
    public bool IsFile { get; init; }

    /// <summary>Whether it is sent while it is read: such an answer has no ETag, so the caller cannot say that it has it.</summary>
    public bool IsStream { get; init; }
}
