using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Tests.Testing;

/// <summary>A server on this machine, on a free port, that things are fetched from.</summary>
internal static class WebServer
{
    /// <summary>Starts one.</summary>
    /// <param name="map">What it has.</param>
    public static async Task<WebApplication> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
