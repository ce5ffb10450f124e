using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function when a request comes in.</summary>
public sealed class HttpTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Any method; a function key.</summary>
    public HttpTriggerAttribute() : this(AuthorizationLevel.Function)
    {
    }

    /// <summary>The given methods; a function key.</summary>
    public HttpTriggerAttribute(params string[] methods) : this(AuthorizationLevel.Function, methods)
    {
    }

    /// <summary>Any method.</summary>
    public HttpTriggerAttribute(AuthorizationLevel authLevel) => AuthLevel = authLevel;

    /// <summary>The given methods.</summary>
    public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods)
    {
        AuthLevel = authLevel;
        Methods = methods;
    }

    /// <summary>The route template, below the route prefix of host.json; the function's name when null.</summary>
    public string? Route { get; set; }

    /// <summary>The HTTP methods that are answered; all of them when null.</summary>
    public string[]? Methods { get; }

    /// <summary>Which key a request must bring.</summary>
    public AuthorizationLevel AuthLevel { get; }
}
