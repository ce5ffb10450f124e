using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>The service's REST calls, over the pipeline of the ArmClient: its credential, its retries, its transport.</summary>
/// <param name="pipeline">The pipeline.</param>
/// <param name="endpoint">Where Azure Resource Manager listens.</param>
/// <param name="applicationId">What the caller wants in the User-Agent.</param>
/// <param name="apiVersion">The caller's choice, or null.</param>
internal sealed class ContainerGroupsClient(HttpPipeline pipeline, Uri endpoint, string applicationId, string apiVersion)
{
    // The newest version without "preview" of which every property used here is described; what the package itself sends it does not publish.
    private const string DefaultApiVersion = "2025-09-01";

    private readonly TelemetryDetails _userAgent = new(typeof(ContainerGroupsClient).Assembly, applicationId);

    public async Task<Response> CreateAsync(ResourceIdentifier group, ContainerGroupData data, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Put, UriOf(group));
        message.Request.Headers.Add("Content-Type", "application/json");
        message.Request.Content = RequestContent.Create(ContainerGroupWriter.Write(data));
        return await SendAsync(message, cancellationToken, 200, 201);
    }

    public async Task<Response> GetAsync(ResourceIdentifier group, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Get, UriOf(group));
        return await SendAsync(message, cancellationToken, 200);
    }

    public async Task<Response> GetIfExistsAsync(ResourceIdentifier group, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Get, UriOf(group));
        return await SendAsync(message, cancellationToken, 200, 404);
    }

    public async Task<Response> DeleteAsync(ResourceIdentifier group, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Delete, UriOf(group));
        return await SendAsync(message, cancellationToken, 200, 202, 204);
    }

    public async Task<Response> StopAsync(ResourceIdentifier group, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Post, UriOf(group, "/stop"));
        return await SendAsync(message, cancellationToken, 204);
    }

    public async Task<Response> GetLogsAsync(ResourceIdentifier group, string container, int? tail, bool? timestamps, CancellationToken cancellationToken)
    {
        var uri = UriOf(group, $"/containers/{Uri.EscapeDataString(container)}/logs");
        if (tail is { } lines)
            uri.AppendQuery("tail", lines.ToString(CultureInfo.InvariantCulture));
        if (timestamps is { } withTimes)
            uri.AppendQuery("timestamps", withTimes ? "true" : "false");
        using var message = Create(RequestMethod.Get, uri);
        return await SendAsync(message, cancellationToken, 200);
    }

    /// <summary>A page of the groups of a resource group: the first, or the one that <paramref name="nextLink"/> of the page before names.</summary>
    public async Task<Response> ListAsync(ResourceIdentifier resourceGroup, string nextLink, CancellationToken cancellationToken)
    {
        var uri = nextLink is null ? UriOf(resourceGroup, $"/providers/{ContainerGroupResource.ResourceType}") : At(new Uri(endpoint, nextLink));
        using var message = Create(RequestMethod.Get, uri);
        return await SendAsync(message, cancellationToken, 200);
    }

    /// <summary>Asks how an operation goes. Which statuses are good depends on the operation, so only 4xx and 5xx other than 404 are errors here.</summary>
    public async Task<Response> PollAsync(Uri uri, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Get, At(uri));
        return await SendAsync(message, cancellationToken, 200, 201, 202, 204, 404);
    }

    /// <inheritdoc cref="PollAsync"/>
    public Response Poll(Uri uri, CancellationToken cancellationToken)
    {
        using var message = Create(RequestMethod.Get, At(uri));
        message.ResponseClassifier = new StatusCodeClassifier([200, 201, 202, 204, 404]);
        pipeline.Send(message, cancellationToken);
        return message.Response.IsError ? throw new RequestFailedException(message.Response) : message.Response;
    }

    /// <summary>Where a group is.</summary>
    public Uri AddressOf(ResourceIdentifier group) => UriOf(group).ToUri();

    /// <summary>An absolute address of what a header says.</summary>
    public Uri Absolute(string header) => new(endpoint, header);

    private static RequestUriBuilder At(Uri uri)
    {
        var builder = new RequestUriBuilder();
        builder.Reset(uri);
        return builder;
    }

    private RequestUriBuilder UriOf(ResourceIdentifier resource, string below = "")
    {
        var uri = At(endpoint);
        uri.AppendPath(resource.ToString(), escape: false);
        uri.AppendPath(below, escape: false);
        uri.AppendQuery("api-version", apiVersion ?? DefaultApiVersion);
        return uri;
    }

    private HttpMessage Create(RequestMethod method, RequestUriBuilder uri)
    {
        var message = pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri = uri;
        message.Request.Headers.Add("Accept", "application/json");
        _userAgent.Apply(message);
        return message;
    }

    private async Task<Response> SendAsync(HttpMessage message, CancellationToken cancellationToken, params ushort[] good)
    {
        message.ResponseClassifier = new StatusCodeClassifier(good);
        await pipeline.SendAsync(message, cancellationToken);
        return message.Response.IsError ? throw new RequestFailedException(message.Response) : message.Response;
    }
}
