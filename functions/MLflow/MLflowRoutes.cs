namespace Larder.Functions.MLflow;

/// <summary>What the routes of MLflow begin with.</summary>
/// <remarks>
/// MLflow has each route below <c>/api</c> for its clients and below <c>/ajax-api</c> for its pages. A function has one route, and the Functions host matches it before this app is asked, so that
/// nothing here could rewrite a path: the two names are one parameter with a constraint. No function reads it.
/// </remarks>
internal static class MLflowRoutes
{
    /// <summary>The API 2.0.</summary>
    public const string Api = Base + "/2.0/mlflow";

    /// <summary>The artifact proxy.</summary>
    public const string Artifacts = Base + "/2.0/mlflow-artifacts";

    /// <summary>The API 3.0.</summary>
    public const string ApiV3 = Base + "/3.0/mlflow";

    private const string Base = "{api:regex(^(ajax-)?api$)}";
    private const string Clients = "api";

    private static readonly string[] OfPages = [.. new[] { Api, ApiV3 }.Select(route => $"/ajax-{Shown(route)}")];

    /// <summary>A route's template with the name that clients use, which is the one that is documented.</summary>
    public static string Shown(string template) => template.StartsWith(Base, StringComparison.Ordinal) ? Clients + template[Base.Length..] : template;

    /// <summary>A path with the name that clients use.</summary>
    public static string Plain(string path) =>
        OfPages.Any(route => path.StartsWith(route, StringComparison.OrdinalIgnoreCase)) ? $"/{Clients}{path[path.IndexOf('/', 1)..]}" : path;
}
