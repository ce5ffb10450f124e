using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Builds a functions application.</summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly WebApplicationBuilder _web;
    private readonly EmbeddedHostOptions _options;
    private readonly HostCommandLine _commandLine;
    private readonly AssemblyWalk _assemblies;
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _middleware = [];
    private readonly HostPhase _phase = new();
    private bool _built;

    internal FunctionsApplicationBuilder(string[] args, EmbeddedHostOptions options)
    {
        _options = options;
        _commandLine = HostCommandLine.Parse(args);
        _web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = options.FunctionAssembly.GetName().Name,
            ContentRootPath = options.Root,
            EnvironmentName = HostConfiguration.EnvironmentName(),
        });
        HostConfiguration.AddSources(_web.Configuration, options.Root, args);
        HostLogging.Configure(_web.Logging, _web.Configuration, _phase);
        HostServices.Configure(_web);

        _assemblies = AssemblyWalk.From(options.FunctionAssembly);
        _assemblies.StartExtensions(this);
    }

    /// <summary>The application's configuration.</summary>
    public ConfigurationManager Configuration => _web.Configuration;

    /// <summary>The application's environment: Development unless a variable says otherwise, as with <c>func start</c>.</summary>
    public IHostEnvironment Environment => _web.Environment;

    /// <summary>The application's logging.</summary>
    public ILoggingBuilder Logging => _web.Logging;

    /// <summary>The application's metrics.</summary>
    public IMetricsBuilder Metrics => _web.Metrics;

    /// <summary>The application's services.</summary>
    public IServiceCollection Services => _web.Services;

    /// <summary>A place for build steps to leave things for each other.</summary>
    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_web).Properties;

    /// <summary>Whether middleware was added so far.</summary>
    internal bool HasMiddleware => _middleware.Count > 0;

    IConfigurationManager IHostApplicationBuilder.Configuration => _web.Configuration;

    /// <summary>Uses another dependency injection container.</summary>
    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull =>
        ((IHostApplicationBuilder)_web).ConfigureContainer(factory, configure);

    /// <summary>Adds a middleware to the end of the pipeline that every invocation passes.</summary>
    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        _middleware.Add(middleware);
        return this;
    }

    /// <summary>
    /// Builds the application: finds its functions, checks their bindings and compiles their invocation. What is wrong with them
    /// is thrown here, as sentences that name the function.
    /// </summary>
    public IHost Build()
    {
        if (_built)
            throw new InvalidOperationException("The application was built already.");
        _built = true;

        HostServices.Complete(_web, _commandLine);
        var storage = StorageEmulator.Configure(_web.Configuration);
        var app = StartupErrors.Translate(_web.Build);
        try
        {
            var functions = FunctionIndex.Find(_options.FunctionClasses ?? _assemblies.Classes());
            app.Services.GetRequiredService<FunctionCatalog>().Fill(functions, Services, _middleware);
            foreach (var part in app.Services.GetServices<IWebHostPart>())
                part.Configure(app);
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }

        return new EmbeddedHost(
            app,
            storage is null ? null : new StorageEmulator(storage, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Host.Storage")),
            _options.Output,
            _phase);
    }
}
