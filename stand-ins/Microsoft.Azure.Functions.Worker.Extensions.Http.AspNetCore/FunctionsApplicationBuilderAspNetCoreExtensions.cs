using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>HTTP triggers by ASP.NET Core.</summary>
public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    /// <summary>
    /// Serves HTTP triggers with ASP.NET Core: functions take an HttpRequest and give an IActionResult or an IResult. Middleware added before this
    /// call sees answers after they are written, middleware added after it before.
    /// </summary>
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder)
    {
        builder.Services.AddMvcCore();
        builder.Services.TryAddSingleton<HttpOptions>();
        builder.Services.TryAddSingleton<HttpThrottle>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ITriggerExtension, HttpTriggerExtension>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IWebHostPart, HttpFunctions>());
        // With nothing around it, writing the answer can be left to the endpoint, which waits for the pipeline anyway.
        if (builder.HasMiddleware)
            builder.Use(HttpAnswer.Write);
        return builder;
    }
}
