using Larder.Host.Blobs;
using Larder.Host.Configuration;
using Larder.Host.Durable;
using Larder.Host.Functions;
using Larder.Host.Http;
using Larder.Host.Invocation;
using Larder.Host.Logging;
using Larder.Host.Storage;
using Larder.Host.Timers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpsPolicy;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Larder.Host.Hosting;

/// <summary>The host's own services.</summary>
internal static class HostServices
{
    /// <summary>The Functions host's own limit, 100 MiB.</summary>
    private const long DefaultMaxRequestBodySize = 104_857_600;

    /// <summary>The Functions host's own name for a setting of that limit.</summary>
    private const string MaxRequestBodySizeKey = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";

    /// <summary>Before the application adds its own.</summary>
    public static void Configure(WebApplicationBuilder web, SelfHostOptions options)
    {
        var development = web.Environment.IsDevelopment();
        web.Host.UseDefaultServiceProvider(provider =>
        {
            provider.ValidateScopes = development;
            provider.ValidateOnBuild = development;
        });
        web.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        var limit = BodyLimit(web.Configuration);
        web.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = limit);
        // With the constraint regex, which the Functions host has too.
        web.Services.AddRouting();

        web.Services.AddSingleton(options);
        web.Services.AddSingleton(new SingletonTypes(web.Services));
        web.Services.AddSingleton<FunctionHost>();
        web.Services.AddSingleton<FunctionCatalog>();
        web.Services.AddSingleton<FunctionDispatcher>();
        web.Services.AddSingleton<StorageConnections>();
        web.Services.AddSingleton<HostStorage>();

        web.Services.AddSingleton<HostJsonCheck>();
        web.Services.AddSingleton(FunctionHost.Keys);
        web.Services.AddSingleton(HostLogging.Keys);
        web.Services.AddSingleton(BlobsOptions.Keys);

        web.Services.AddMvcCore();
        web.Services.AddSingleton(HttpOptions.Keys);
        web.Services.AddSingleton<HttpOptions>();
        web.Services.AddOptions<HstsOptions>().Configure<HttpOptions>((hsts, http) => http.Configure(hsts));
        web.Services.AddSingleton<HttpThrottle>();
        web.Services.AddSingleton<ProxyOptions>();
        web.Services.AddSingleton<UnreadableRequests>();
        web.Services.AddOptions<KestrelServerOptions>().Configure<UnreadableRequests>((kestrel, unreadable) => kestrel.ConfigureEndpointDefaults(unreadable.Watch));
        web.Services.AddSingleton<HttpFunctions>();
        web.Services.AddSingleton<ITriggerExtension, HttpTriggerExtension>();
        web.Services.AddSingleton<ITriggerExtension, BlobExtension>();
        web.Services.AddSingleton<ITriggerExtension, TimerExtension>();
        web.Services.AddDurable();
    }

    /// <summary>After the application has added its own.</summary>
    /// <exception cref="SelfHostException">A port for gRPC is asked for, and the application has no gRPC services.</exception>
    public static void Complete(WebApplicationBuilder web, HostCommandLine commandLine, GrpcServices? grpc)
    {
        web.Services.TryAddSingleton(TimeProvider.System);
        RemoveControllerPolicies(web.Services);
        web.Services.AddHostedService<FunctionListenerService>();
        web.Services.AddSingleton<IConnectionListenerFactory, HostTransport>();
        if (commandLine.GrpcPort is not null)
            (grpc ?? throw new SelfHostException("--grpc-port: this application has no gRPC services.")).Add(web.Services);
        var urls = ListenAddresses.Choose(commandLine, web.Configuration);
        web.Services.Configure<KestrelServerOptions>(kestrel => ListenAddresses.Listen(kestrel, urls, commandLine.GrpcPort));
        // The web server would warn that it does not use them.
        web.WebHost.UseUrls();
    }

    // There are no controllers to choose among. What would choose reads MVC's options and metadata before the first request can be routed.
    private static void RemoveControllerPolicies(IServiceCollection services)
    {
        foreach (var policy in services.Where(service => service.ServiceType == typeof(MatcherPolicy) && service.ImplementationType?.Assembly == typeof(MvcOptions).Assembly).ToList())
            services.Remove(policy);
    }

    private static long BodyLimit(IConfiguration configuration) =>
        configuration[MaxRequestBodySizeKey] is not { Length: > 0 } text
            ? DefaultMaxRequestBodySize
            : long.TryParse(text, out var limit) && limit > 0
                ? limit
                : throw new SelfHostException($"{MaxRequestBodySizeKey} must be a positive number of bytes; it is '{text}'.");
}
