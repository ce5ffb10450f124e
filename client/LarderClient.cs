using System.Net.Http.Headers;
using Larder.Client.Http;

namespace Larder.Client;

/// <summary>A client of one Larder server. It can be used by several threads, and should live as long as the program.</summary>
public sealed class LarderClient : IDisposable
{
    private readonly HttpClient _api;
    private readonly HttpClient _storage;

    /// <summary>Creates a client; no request is sent yet.</summary>
    /// <param name="address">The server, as <c>http://localhost:7071</c>. A path is kept, for a server behind a proxy.</param>
    /// <param name="options">How requests are sent; null for the defaults.</param>
    /// <exception cref="ArgumentException">The address is not an absolute http or https URL.</exception>
    public LarderClient(Uri address, LarderClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https"))
            throw new ArgumentException("The address of a server begins with http:// or https://.", nameof(address));
        options ??= new LarderClientOptions();
        Address = new Uri(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
        _api = ClientOf(options);
        _api.BaseAddress = Address;
        if (options.Token is { } token)
            _api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // Storage gets its own URLs, and never the token.
        _storage = ClientOf(options);

        var api = new ApiConnection(_api, options);
        Models = new ModelsClient(api);
        Predictions = new PredictionsClient(api);
        Jobs = new JobsClient(api, options);
        Trainings = new TrainingsClient(api);
        Scorings = new ScoringsClient(api);
        Uploads = new UploadsClient(api, _storage);
        Datasets = new DatasetsClient(api);
        Experiments = new ExperimentsClient(api);
        Schedules = new SchedulesClient(api);
        Search = new SearchClient(api);
        Tokens = new TokensClient(api);
        Server = new ServerClient(api);
    }

    /// <summary>The server's address, with a slash at the end.</summary>
    public Uri Address { get; }

    /// <summary>Models, versions and aliases.</summary>
    public ModelsClient Models { get; }

    /// <summary>Predictions.</summary>
    public PredictionsClient Predictions { get; }

    /// <summary>Jobs: trainings, scorings and others, with their logs and outputs.</summary>
    public JobsClient Jobs { get; }

    /// <summary>Starts trainings.</summary>
    public TrainingsClient Trainings { get; }

    /// <summary>Starts batch scorings.</summary>
    public ScoringsClient Scorings { get; }

    /// <summary>Uploads in blocks, of models and data sets of any size.</summary>
    public UploadsClient Uploads { get; }

    /// <summary>Data sets that were uploaded in blocks.</summary>
    public DatasetsClient Datasets { get; }

    /// <summary>Experiments and their runs.</summary>
    public ExperimentsClient Experiments { get; }

    /// <summary>Schedules of jobs.</summary>
    public SchedulesClient Schedules { get; }

    /// <summary>Finds models, versions, data sets, runs and jobs.</summary>
    public SearchClient Search { get; }

    /// <summary>Tokens of callers.</summary>
    public TokensClient Tokens { get; }

    /// <summary>The server itself: version and readiness.</summary>
    public ServerClient Server { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        _api.Dispose();
        _storage.Dispose();
    }

    // Each request has a limit of its own (ApiConnection): a file takes as long as it takes.
    private static HttpClient ClientOf(LarderClientOptions options) => new(Repetition.Around(
        new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            AutomaticDecompression = System.Net.DecompressionMethods.All,
            AllowAutoRedirect = false,
        },
        options))
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };
}
