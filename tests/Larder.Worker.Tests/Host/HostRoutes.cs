using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Worker.Tests.Host;

/// <summary>Routes as the Functions host makes them: ASP.NET Core's router of old, which tries them one after the other.</summary>
/// <param name="constraints">Knows the constraints of templates.</param>
internal sealed class HostRoutes(IInlineConstraintResolver constraints)
{
    /// <summary>Routes outside an application.</summary>
    public static HostRoutes Create() =>
        new(new ServiceCollection().AddLogging().AddRouting().BuildServiceProvider().GetRequiredService<IInlineConstraintResolver>());

    /// <summary>The route of a function.</summary>
    /// <param name="name">The function's name.</param>
    /// <param name="methods">Its methods; none: any.</param>
    /// <param name="template">Its template, the prefix before it.</param>
    /// <param name="answer">Answers.</param>
    public Route Of(string name, IReadOnlyList<string> methods, string template, RequestDelegate answer) => new(
        new RouteHandler(answer),
        name,
        template.TrimStart('/'),
        defaults: null,
        methods.Count == 0 ? null : new Dictionary<string, object> { ["httpMethod"] = new HttpMethodRouteConstraint([.. methods]) },
        dataTokens: null,
        constraints);
}
