using Microsoft.AspNetCore.Builder;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>An extension's part in the web server. Registered as a singleton.</summary>
internal interface IWebHostPart
{
    /// <summary>Adds what the extension serves, once all functions are bound.</summary>
    void Configure(WebApplication app);
}
