using Larder.Host.Configuration;
using Larder.Host.Emulator;
using Larder.Host.Functions;
using Larder.Host.Http;
using Larder.Host.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Host.Hosting;

/// <summary>Builds a self-host: the functions of an app and of the assemblies that it refers to, in this process.</summary>
public sealed class SelfHostBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly WebApplicationBuilder _web;
    private readonly SelfHostOptions _options;
    private readonly HostCommandLine _commandLine;
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _middleware = [];
    private readonly HostPhase _phase = new();
    private readonly FunctionErrors _errors = new();
    private readonly Task<IReadOnlyList<HostFunction>> _functions;
    private bool _built;

    internal SelfHostBuilder(string[] args, SelfHostOptions options)
    {
        _options = options;
        _commandLine = HostCommandLine.Parse(args);
        // On another core, while the services are registered.
        _functions = Task.Run(() => FunctionIndex.Find(options.FunctionClasses ?? AssemblyWalk.Classes(options.FunctionAssembly), _errors));
        _web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = options.FunctionAssembly.GetName().Name,
            ContentRootPath = options.Root,
            EnvironmentName = HostConfiguration.EnvironmentName(),
        });
        HostConfiguration.AddSources(_web.Configuration, options.Root, _commandLine);
        HostLogging.Configure(_web.Logging, _web.Configuration, _phase);
        HostServices.Configure(_web, options);
    }

    /// <inheritdoc />
    public IConfigurationManager Configuration => _web.Configuration;

    /// <inheritdoc />
    public IHostEnvironment Environment => _web.Environment;

    /// <inheritdoc />
    public ILoggingBuilder Logging => _web.Logging;

    /// <inheritdoc />
    public IMetricsBuilder Metrics => _web.Metrics;

    /// <inheritdoc cref="IHostApplicationBuilder.Services" />
    public IServiceCollection Services => _web.Services;

    /// <inheritdoc />
    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_web).Properties;

    /// <inheritdoc />
    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull =>
        ((IHostApplicationBuilder)_web).ConfigureContainer(factory, configure);

    /// <inheritdoc />
    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        _middleware.Add(middleware);
        return this;
    }

    /// <summary>Finds the functions, checks their bindings and compiles their invocation.</summary>
    /// <exception cref="SelfHostException">Something is wrong with functions or settings: a sentence for each.</exception>
    public IHost Build()
    {
        if (_built)
            throw new InvalidOperationException("The application was built already.");
        _built = true;

        HostServices.Complete(_web, _commandLine, _options.Grpc);
        var storage = StorageEmulator.Configure(_web.Configuration);
        var app = StartupErrors.Translate(_web.Build);
        // Meanwhile, on another core: making the services and binding the functions each take about a third of the start.
        var services = Task.Run(() => app.Services.GetServices<IHostedService>().Count());
        try
        {
            var catalog = app.Services.GetRequiredService<FunctionCatalog>();
            catalog.Fill(_functions.GetAwaiter().GetResult(), _middleware, _errors);
            app.Services.GetRequiredService<HttpFunctions>().Configure(app, _errors);
            _errors.Throw();
            if (_commandLine.GrpcPort is not null)
                _options.Grpc!.Map(app);
            app.Services.GetRequiredService<HostJsonCheck>().Warn();
        }
        catch
        {
            Task.WaitAny(services);
            ((IDisposable)app).Dispose();
            throw;
        }

        // The start does again what fails here, and tells why.
        Task.WaitAny(Task.Run(() => app.Services.GetService<IStartupValidator>()?.Validate()));
        Task.WaitAny(services);

        return new SelfHost(
            app,
            storage is null ? null : new StorageEmulator(storage, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Host.Storage")),
            _options,
            _phase,
            _commandLine.GrpcPort is not null);
    }
}
