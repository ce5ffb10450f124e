using System.Collections.Concurrent;
using Larder.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Durable.Support;

/// <summary>Stands between one process and its blobs, and sees what that process has written.</summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    // Storage's signatures cover paths and headers, so both pass unchanged; these are of the connection, not of the message.
    private static readonly HashSet<string> ofConnection = new(["Host", "Connection", "Keep-Alive", "Transfer-Encoding"], StringComparer.OrdinalIgnoreCase);

    private readonly WebApplication app;
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly Uri storage;
    private readonly ConcurrentQueue<string> writes = new();
    private volatile bool holdsLeases;

    private StorageProxy(WebApplication app, Uri storage) => (this.app, this.storage) = (app, storage);

    /// <summary>What was written, in the order in which storage said that it was: method and path.</summary>
    public IReadOnlyCollection<string> Writes => writes;

    /// <summary>Whether leases are left without an answer: neither granted nor renewed nor refused.</summary>
    public bool HoldsLeases { get => holdsLeases; set => holdsLeases = value; }

    /// <summary>What the process gets in place of the storage's own connection string.</summary>
    public string ConnectionString { get; private set; } = "";

    public static async Task<StorageProxy> StartAsync(Azurite azurite)
    {
        const string endpoint = "BlobEndpoint=";
        var parts = azurite.ConnectionString.Split(';');
        var index = Array.FindIndex(parts, part => part.StartsWith(endpoint, StringComparison.Ordinal));
        var storage = new Uri(parts[index][endpoint.Length..]);

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var proxy = new StorageProxy(builder.Build(), storage);
        proxy.app.Run(proxy.ForwardAsync);
        await proxy.app.StartAsync();
        var own = new Uri(proxy.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        parts[index] = endpoint + new Uri(own, storage.AbsolutePath);
        proxy.ConnectionString = string.Join(';', parts);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (holdsLeases && context.Request.Query["comp"] == "lease")
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(storage, target));
        request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!ofConnection.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        if (response.IsSuccessStatusCode && (HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsDelete(context.Request.Method)))
            writes.Enqueue($"{context.Request.Method} {target}");
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!ofConnection.Contains(name))
                context.Response.Headers[name] = values.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
