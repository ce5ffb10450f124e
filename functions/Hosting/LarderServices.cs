using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Larder.Inference;
using Larder.Registry;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Larder.Functions;

/// <summary>Puts the rooms together.</summary>
internal static class LarderServices
{
    /// <summary>Room for a form's other fields beside the model file, in bytes.</summary>
    private const long FormOverhead = 1 << 20;

    /// <summary>Registers everything that the functions ask for.</summary>
    public static FunctionsApplicationBuilder AddLarder(this FunctionsApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();

        AddLimits(services);
        AddInference(services);
        AddRegistry(services);

        services.AddSingleton<RouteTable>();
        services.AddSingleton<PredictionMetrics>();
        services.AddSingleton<PredictionResponse>();
        services.AddSingleton<ImageBody>();
        services.AddSingleton<PrometheusScraper>();
        services.AddSingleton<Preloader>();
        services.AddHostedService(provider => provider.GetRequiredService<Preloader>());
        return builder;
    }
}
