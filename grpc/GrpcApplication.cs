using Grpc.AspNetCore.Server;
using Larder.Functions.Prediction;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Grpc;

/// <summary>Larder's gRPC services, for a host that is an ASP.NET Core application itself. Its port needs HTTP/2.</summary>
public static class GrpcApplication
{
    // Of requests that have a name at most.
    private const int SmallBytes = 64 << 10;

    /// <summary>Registers the services, beside Larder's own.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddGrpc();
        services.AddOptions<GrpcServiceOptions>().Configure<PredictionLimits>((grpc, limits) =>
        {
            grpc.MaxReceiveMessageSize = (int)Math.Min(limits.PredictionBytes, int.MaxValue);
            grpc.CompressionProviders = MessageCompression.All(limits.PredictionBytes);
            grpc.Interceptors.Add<CallErrors>();
        });
        AddService<InferenceService>(services);
        AddService<HealthService>(services, SmallBytes);
        AddService<ReflectionService>(services, SmallBytes);
        AddService<ReflectionAlphaService>(services, SmallBytes);
        services.AddSingleton<CallErrors>();
        services.AddSingleton<CallMiddleware>();
    }

    /// <summary>Maps the services to their paths.</summary>
    /// <exception cref="InvalidOperationException">A method does not say who may call it.</exception>
    public static void Map(WebApplication app)
    {
        var calls = app.Services.GetRequiredService<CallMiddleware>();
        app.Use((http, next) => calls.InvokeAsync(http, next));
        Map<InferenceService>(app);
        Map<HealthService>(app);
        Map<ReflectionService>(app);
        Map<ReflectionAlphaService>(app);
        // Endpoints are made when they are asked for, which would be too late for the error of one that declares nothing.
        foreach (var source in ((IEndpointRouteBuilder)app).DataSources)
            _ = source.Endpoints;
    }

    /// <summary>Maps one service. When its endpoints are made, a method that does not say who may call it is an <see cref="InvalidOperationException"/>.</summary>
    public static void Map<T>(IEndpointRouteBuilder endpoints)
        where T : class => endpoints.MapGrpcService<T>().Add(CallAccess.AddTo);

    private static void AddService<T>(IServiceCollection services, int? mostBytes = null)
        where T : class
    {
        services.AddSingleton<T>();
        if (mostBytes is { } most)
        {
            services.AddOptions<GrpcServiceOptions<T>>().Configure(grpc =>
            {
                grpc.MaxReceiveMessageSize = most;
                grpc.CompressionProviders = MessageCompression.All(most);
            });
        }
    }
}
